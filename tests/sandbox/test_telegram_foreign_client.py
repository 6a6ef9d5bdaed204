"""A client library of another language and author proves the stand-in: grammY, which knows nothing of ours."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sandbox.telegram_stage import JOHN, SITI, TOKEN, Stage, staged
from tests.sandbox.whatsapp_stage import PATIENCE_S

GRAMMY = "grammy@1.46"
NODE, NPM = shutil.which("node"), shutil.which("npm")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (NODE and NPM), reason="needs Node and npm on the path"),
]

#: What a small grammY bot does; each line it prints is something the test waits for.
BOT = """
const { Bot, GrammyError, InlineKeyboard, InputFile, Keyboard } = require("grammy");
const [token, apiRoot] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot } });
const tell = (...words) => console.log(words.join(" "));

bot.command("start", (ctx) => ctx.reply(`<b>Halo</b> ${ctx.match}`, {
  parse_mode: "HTML", reply_markup: new InlineKeyboard().text("Bayar", "1.bayar").url("Situs", "https://loket.example"),
}));
bot.command("nomor", (ctx) => ctx.reply("Nomor?", { reply_markup: new Keyboard().requestContact("Bagikan").resized() }));
bot.command("berkas", (ctx) => ctx.replyWithDocument(new InputFile(Buffer.from("isi"), "tagihan.pdf"), { caption: "Ini" }));
bot.command("salah", async (ctx) => {
  try {
    await ctx.reply("x", { reply_markup: new InlineKeyboard().text("A", "x".repeat(65)) });
  } catch (error) {
    tell("refused", error instanceof GrammyError, error.error_code, error.description);
  }
});
bot.command("buru", async (ctx) => {
  try {
    await ctx.reply("x");
  } catch (error) {
    tell("flood", error.error_code, error.parameters.retry_after);
  }
});
bot.callbackQuery("1.bayar", async (ctx) => {
  await ctx.answerCallbackQuery("Sebentar");
  await ctx.editMessageText("Lewat mana?", { reply_markup: new InlineKeyboard().text("BNI", "2.bni") });
  tell("edited", ctx.callbackQuery.message.message_id);
});
bot.on("message:contact", (ctx) => tell("contact", ctx.msg.contact.user_id === ctx.from.id, ctx.msg.contact.phone_number));
bot.on("message:photo", async (ctx) => {
  const file = await ctx.getFile();
  const bytes = await (await fetch(`${apiRoot}/file/bot${token}/${file.file_path}`)).arrayBuffer();
  tell("photo", bytes.byteLength);
});
bot.on("my_chat_member", (ctx) => tell("membership", ctx.myChatMember.new_chat_member.status));
bot.on("message:text", (ctx) => tell("text", ctx.msg.text));
bot.api.setMyCommands([{ command: "start", description: "Mulai" }]).then(() => bot.start({
  allowed_updates: ["message", "callback_query", "my_chat_member"],
  onStart: (me) => tell("started", me.username),
}));
"""


@pytest.fixture(scope="module")
def grammy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library and the bot in it."""
    folder = tmp_path_factory.mktemp("grammy")
    command = [str(NPM), "install", "--silent", "--no-audit", "--no-fund", GRAMMY]
    try:
        installed = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{GRAMMY} cannot be installed: no answer from the package registry")
    if installed.returncode:
        pytest.skip(f"{GRAMMY} cannot be installed here")
    (folder / "bot.js").write_text(BOT)
    return folder


class Foreign:
    """The running bot, and what it prints."""

    def __init__(self, stage: Stage, lines: asyncio.StreamReader) -> None:
        self.stage, self._lines = stage, lines

    async def told(self) -> str:
        async with asyncio.timeout(2 * PATIENCE_S):
            return (await self._lines.readline()).decode().strip()

    async def answered(self, text: str) -> dict[str, object]:
        """Write as John and wait until the bot has sent something."""
        await self.stage.say(JOHN, text)
        async with asyncio.timeout(2 * PATIENCE_S):
            while True:
                last = (await self.stage.messages())[-1]
                if last["from"]["is_bot"]:
                    return dict(last)
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Foreign]:
    async with staged() as stage:
        root = stage.base_url.removesuffix("/bot")
        process = await asyncio.create_subprocess_exec(
            str(NODE), "bot.js", TOKEN, root, cwd=folder, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        foreign = Foreign(stage, process.stdout)
        try:
            assert await foreign.told() == "started loket_sandbox_bot"
            yield foreign
        finally:
            process.kill()
            await process.wait()


async def test_a_foreign_bot_starts_answers_a_tap_and_edits_in_place(grammy: Path) -> None:
    async with running(grammy) as bot:
        assert [each.command for each in bot.stage.api.commands.shown(JOHN.id, "id")] == ["start"]
        await bot.stage.do(JOHN, "start", payload="tagihan")
        hello = await bot.answered("/start tagihan")
        assert (hello["text"], hello["entities"]) == (
            "Halo tagihan",
            [{"type": "bold", "offset": 0, "length": 4}],
        )
        await bot.stage.do(JOHN, "taps", message_id=hello["message_id"], data="1.bayar")
        assert await bot.told() == f"edited {hello['message_id']}"
        [edited] = [each for each in await bot.stage.messages() if each["message_id"] == hello["message_id"]]
        assert edited["text"] == "Lewat mana?"


async def test_a_foreign_bot_gets_contacts_photos_and_blocks(grammy: Path) -> None:
    async with running(grammy) as bot:
        await bot.answered("/nomor")
        assert (await bot.stage.state())["keyboard"]["rows"][0][0]["request_contact"] is True
        await bot.stage.do(JOHN, "contacts")
        assert await bot.told() == f"contact true {JOHN.phone}"
        await bot.stage.do(JOHN, "contacts", phone=SITI.phone)
        assert await bot.told() == f"contact false {SITI.phone}"
        photo = {"photo": ("modem.png", b"\x89PNG" + bytes(96), "image/png")}
        path = f"phone/api/chats/{JOHN.id}/messages"
        assert (await bot.stage.http.post(path, data={"text": ""}, files=photo)).status_code == 202
        assert await bot.told() == "photo 100"
        await bot.stage.do(JOHN, "block")
        assert await bot.told() == "membership kicked"
        await bot.stage.do(JOHN, "start")
        assert await bot.told() == "membership member"


async def test_a_foreign_bot_is_refused_in_telegrams_words(grammy: Path) -> None:
    async with running(grammy) as bot:
        await bot.stage.say(JOHN, "/salah")
        assert await bot.told() == "refused true 400 Bad Request: BUTTON_DATA_INVALID"
        await bot.stage.choose_fault("flood", times=1, retry_after_s=7)
        await bot.stage.say(JOHN, "/buru")
        assert await bot.told() == "flood 429 7"
        document = await bot.answered("/berkas")
        assert (document["caption"], document["document"]["file_name"]) == ("Ini", "tagihan.pdf")  # type: ignore[index]
