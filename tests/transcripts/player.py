"""Plays a transcript and writes down what happened, by key and as people read it.

A transcript is a chat with stage directions. The player writes the whole of it anew, so that a failing comparison *is*
the explanation. Lines:

    @ 628123456789            the chat that writes from here on
    > cek tagihan | my bill   a message, in Indonesian and in English
    >> satu                   messages that arrive together, one line each
    < flow.key name=value     what is answered, by key
    * 62812****789            a message that was queued for a phone
    ! wait 31 minutes         time passes
    ! restart                 the process ends, and another one goes on
    ! again                   the last message is delivered once more
    ! paid ISP00123 230130001 a payment comes in from elsewhere
    ! photo                   a photo is sent, without a word
    ! tick                    the chores that are due are done, and what they queued is listed
    ! online ISP00123 3600    the router sees the line up for so many seconds; bytes down and up may follow
    ! offline ISP00123        the router sees it down; before either, no router is seen
    ! outage ISP00123 37 41   so many lines of its region went down an hour ago, this one with them
    ! history ISP00123 24 3   so many hours of its history are known, with so many drops lately, at so many Mbps
    = otp_reset.password      where the chat stands at the end

In a message `{code}` is the newest code, `{wrong}` one that is not it, and `{invite}` the newest invitation that was shown.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from datetime import timedelta

from conversations.engine.incoming import Incoming
from conversations.engine.say import Option, Say
from conversations.flows import FLOWS
from core.platform.i18n import Argument, DataSize, Day, Language, Message, Month, Rupiah, TimeOfDay
from core.platform.phones import mask
from tests.conversations import network
from tests.conversations.routers import ToldRouters
from tests.conversations.stage import Stage, morning, staged

_STEPS = {f"{flow.name}.{name}": step for flow in FLOWS for name, step in flow.steps.items()}


class Player:
    """Plays one transcript in one language on one database."""

    def __init__(self, url: str, language: Language) -> None:
        self._url, self._language, self._clock = url, language, morning()
        self._chat, self._sent = "", 0
        self._routers = ToldRouters()
        self._last: list[Incoming] = []
        self.by_key: list[str] = []
        self.as_read: list[str] = []

    async def play(self, script: list[str]) -> None:
        async with AsyncExitStack() as self._house:
            await self._open()
            together: list[str] = []
            for line in script:
                if together and not line.startswith(">>"):
                    await self._write(together)
                    together = []
                await self._direction(line, together)
            if together:
                await self._write(together)
            self.by_key.append(f"= {await self._stage.place(self._chat) or 'nothing open'}")

    async def _direction(self, line: str, together: list[str]) -> None:
        kind, _, rest = line.partition(" ")
        if kind in {"<", "*", "=", ""} or line.startswith("  "):
            return
        self.by_key.append(line)
        match kind:
            case ">>":
                together.append(rest)
            case ">":
                await self._write([rest])
            case "@":
                self._chat = rest
            case "!":
                await self._do(*rest.split())
            case _:
                raise ValueError(line)

    async def _do(self, what: str, *args: str) -> None:
        match what:
            case "wait":
                self._clock.move(timedelta(minutes=int(args[0])))
                self.as_read.append(f"({args[0]} min)")
            case "restart":
                await self._house.aclose()
                await self._open()
            case "again":
                await self._deliver(self._last)
            case "paid":
                await self._stage.services.billing.settle(
                    source="test", reference=args[1], invoice_number=args[1], service_number=args[0]
                )
                self._sent = len(await self._stage.sent())
            case "photo":
                self.as_read.append("> (photo)")
                sent = self._stage.message(self._chat, "", attachments=("image",), fetch=_photo)
                self._last = [sent]
                await self._deliver(self._last)
            case "tick":
                await self._stage.services.handovers.tick()
                await self._list_queued()
            case "online":
                uptime_s, download, upload = (*map(int, args[1:]), 0, 0)[:3]
                self._routers.tell(args[0], uptime_s=uptime_s, download=download, upload=upload)
            case "outage":
                await network.strike(self._stage.services.uow, args[0], int(args[1]), int(args[2]))
            case "history":
                hours, drops, mbps = (*map(int, args[1:]), *(0, 4)[len(args) - 2 :])
                await network.live(self._stage.services.uow, args[0], hours, drops=drops, mbps=mbps)
            case "offline":
                self._routers.tell(args[0], uptime_s=None)
            case _:
                raise ValueError(what)

    async def _open(self) -> None:
        self._stage: Stage = await self._house.enter_async_context(
            staged(self._url, self._clock, language=self._language, routers=self._routers)
        )
        self._stage._count = len(self.by_key)

    async def _write(self, texts: list[str]) -> None:
        self._last = [self._stage.message(self._chat, await self._typed(text)) for text in texts]
        is_secret = _is_secret(await self._stage.place(self._chat))
        self.as_read += ["> " + ("******" if is_secret else _shown(self._chosen(text))) for text in texts]
        await self._deliver(self._last)

    async def _deliver(self, messages: list[Incoming]) -> None:
        self._stage.says.clear()
        answers = await asyncio.gather(*(self._stage.deliver(message) for message in messages))
        self.by_key += [line for said in self._stage.says for line in _keys(said)]
        if not self._stage.says:
            self.by_key.append("< the same answer" if any(answers) else "< nothing, a person answers")
        for answer in answers:
            self.as_read += ["< " + (answer.replace("\n", "\n  ") or "(nothing: a person answers)")]
        self.as_read += [f"  [{said.attachment.name}]" for said in self._stage.says if said.attachment]
        await self._list_queued()

    async def _list_queued(self) -> None:
        queued = (await self._stage.sent())[self._sent :]
        self._sent += len(queued)
        self.by_key += [f"* {mask(message.to)}" for message in queued]
        self.as_read += [f"* {mask(message.to)}: {message.text.splitlines()[0]}" for message in queued]

    async def _typed(self, text: str) -> str:
        chosen = self._chosen(text)
        if "{code}" in chosen:
            chosen = chosen.replace("{code}", await self._stage.code())
        if "{wrong}" in chosen:
            chosen = chosen.replace("{wrong}", await self._stage.wrong_code())
        if "{invite}" in chosen:
            shown = re.findall(r"\*(?:HUBUNGKAN|LINK) (\w{12})\*", "\n".join(self.as_read))
            chosen = chosen.replace("{invite}", shown[-1])
        return chosen

    def _chosen(self, text: str) -> str:
        indonesian, _, english = text.partition(" | ")
        return english or indonesian if self._language == "en" else indonesian


async def _photo() -> bytes:
    return b"\x89PNG\r\n\x1a\n"


def _shown(text: str) -> str:
    return text.replace("{code}", "482913").replace("{wrong}", "111111").replace("{invite}", "0a1b2c3d4e5f")


def _is_secret(place: str) -> bool:
    return place in _STEPS and _STEPS[place].secret


def _keys(said: Say) -> list[str]:
    lines = [_key(line) for line in said.lines]
    footer = [_key(said.footer)] if said.footer else []
    actions = [" ".join(f"[{_id(action)}]" for action in said.actions)] if said.actions else []
    file = [f"+ {said.attachment.source}"] if said.attachment else []
    first, *rest = [*lines, *(f"- {_key(row.label)}" for row in said.rows), *footer, *actions, *file]
    return [f"< {first}", *(f"  {line}" for line in rest)]


def _id(action: Option) -> str:
    """The menu offers the language that is not spoken."""
    return "other language" if action.id.startswith("language:") else action.id


def _key(message: Message) -> str:
    args = (f"{name}={_value(value)}" for name, value in message.args.items())
    return " ".join((message.key, *args))


def _value(value: Argument) -> str:
    match value:
        case Rupiah(amount):
            return str(amount)
        case Day(day):
            return day.isoformat()
        case Month(year, month):
            return f"{year}-{month:02}"
        case DataSize(octets):
            return str(octets)
        case TimeOfDay(moment, _):
            return moment.isoformat()
        case str() | int():
            return f"'{value}'" if " " in str(value) else str(value)


async def played(url: str, script: str, language: Language) -> Player:
    player = Player(url, language)
    await player.play(script.splitlines())
    return player
