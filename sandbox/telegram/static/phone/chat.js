// The conversation on the phone in hand.

import * as api from "./api.js";
import { messageElement, stopTurning } from "./bubbles.js";
import { showKeyboard } from "./keyboard.js";
import { markTaken } from "../../shared/bubble.js";
import { attempt, clearComposer, prepareComposer, say } from "../../shared/composer.js";
import { byId, element, prettyPhone } from "../../shared/dom.js";
import { dayName, word } from "../../shared/language.js";
import { contactOf, others } from "../../shared/phones.js";
import { closeSheet, openSheet, prepareSheet } from "../../shared/sheet.js";

const NEAR_PX = 120;
const TOAST_MS = 3500;

const chat = { contact: null, messages: new Map(), state: null, typingTimer: 0, toastTimer: 0 };

export const phoneInHand = () => chat.contact?.phone ?? null;

export function prepareChat() {
  prepareSheet();
  prepareComposer(phoneInHand, api);
  byId("more").addEventListener("click", openMenu);
}

/** Take up this person's phone and show the whole chat. */
export async function openChat(contact) {
  closeSheet();
  if (contact.phone !== phoneInHand()) clearComposer();
  Object.assign(chat, { contact, messages: new Map(), state: contact.state });
  byId("nobody").hidden = true;
  byId("chat").hidden = false;
  byId("log").replaceChildren();
  // A whole history is shown, not read out.
  byId("log").setAttribute("aria-busy", "true");
  await catchUp();
  byId("log").setAttribute("aria-busy", "false");
  showCommands();
  scrollDown();
}

/** Fetch what the event stream may have missed; what is shown already stays where it is. */
export async function catchUp() {
  const phone = phoneInHand();
  if (!phone) return;
  const { messages, state } = await api.fetchMessages(phone);
  if (phone !== phoneInHand()) return;
  chat.contact = contactOf(phone) ?? chat.contact;
  const there = new Set(messages.map((message) => message.seq));
  for (const seq of [...chat.messages.keys()]) if (!there.has(seq)) remove(seq);
  for (const message of messages) if (isNews(message)) receive(message);
  setState(state);
}

const isNews = (message) => JSON.stringify(message) !== JSON.stringify(chat.messages.get(message.seq));

/** Show a new message, or a known one as it is now. */
export function receive(message) {
  const shown = byId("log").querySelector(`[data-seq="${message.seq}"]`);
  const follow = message.sender === "customer" || isNearEnd();
  const last = [...chat.messages.values()].at(-1);
  chat.messages.set(message.seq, message);
  if (shown) shown.replaceWith(elementOf(message, shown.querySelector(".same") !== null));
  else append(message, last);
  if (follow && !shown) scrollDown();
}

export function remove(seq) {
  chat.messages.delete(seq);
  byId("log").querySelector(`[data-seq="${seq}"]`)?.remove();
}

export function setState(state) {
  const follow = isNearEnd();
  chat.state = state;
  markTaken(byId("log"), state.taken_id);
  showTyping(state.typing_until);
  showKeyboard(state, actions);
  showHeader();
  if (follow) scrollDown();
}

/** Draw everything again, as after a change of language. */
export function redrawChat() {
  if (!chat.contact) return;
  byId("log").replaceChildren();
  let last = null;
  for (const message of chat.messages.values()) {
    append(message, last);
    last = message;
  }
  setState(chat.state);
  scrollDown();
}

/** The bot's answer to a tap. */
export function showAnswer({ message_id: seq, text, alert }) {
  stopTurning(byId("log"), seq);
  if (!text) return;
  if (alert) {
    openSheet({ title: text, sections: [{ title: "", choices: [{ label: word("close"), value: "" }] }] }, byId("more"), () => {});
    return;
  }
  clearTimeout(chat.toastTimer);
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  chat.toastTimer = setTimeout(() => { byId("toast").hidden = true; }, TOAST_MS);
}

/** The server began anew: what this page remembers no longer exists. */
export function forgetChat() {
  chat.messages = new Map();
  byId("log").replaceChildren();
}

/** The bot's commands as chips, drawn anew only when they are others. */
export function showCommands() {
  const commands = contactOf(phoneInHand())?.commands ?? [];
  if (byId("chips").dataset.drawn === JSON.stringify(commands)) return;
  byId("chips").dataset.drawn = JSON.stringify(commands);
  const chips = commands.map(({ command, description }) =>
    element("button", { type: "button", class: "chip", onclick: () => sayHere(`/${command}`) }, element("b", { text: `/${command}` }), ` ${description}`));
  byId("chips").replaceChildren(...chips);
}

const sayHere = (text) => say(phoneInHand(), text);

const actions = {
  say: sayHere,
  tap: async (seq, data) => {
    if (!(await attempt(() => api.tap(phoneInHand(), seq, data)))) stopTurning(byId("log"), seq);
  },
  shareOwn: () => attempt(() => api.shareContact(phoneInHand(), {})),
  start: (payload = "") => attempt(() => api.start(phoneInHand(), payload)),
  unblock: () => attempt(() => api.unblock(phoneInHand())),
};

/** What else a person can do in this chat. */
function openMenu() {
  const { contact, state } = chat;
  const links = (contact.commands ?? []).slice(0, 3).map(({ command }) => row("start", command, word("deep_link", { payload: command })));
  const foreign = others(contact.phone).slice(0, 4).map((other) => row("foreign", other.phone, word("share_other", { name: other.name })));
  const general = [
    row("own", "", word("share_own")),
    row("forwarded", "", word("share_forwarded")),
    row(state.blocked ? "unblock" : "block", "", word(state.blocked ? "unblock" : "block")),
    row("repeat", "", word("repeat")),
  ];
  const sections = [
    { title: "", choices: general },
    { title: word("deep_links"), choices: [...links, row("start", "", word("deep_link_plain"))] },
    { title: word("foreign_contacts"), choices: foreign },
  ];
  openSheet({ title: word("more"), sections }, byId("more"), choose);
}

const row = (kind, value, label) => ({ label, value: `${kind} ${value}` });

function choose(chosen) {
  const phone = phoneInHand();
  const [kind, value] = chosen.split(" ");
  const doing = {
    own: () => api.shareContact(phone, {}),
    forwarded: () => api.shareContact(phone, { forwarded: true }),
    foreign: () => api.shareContact(phone, { phone: value }),
    start: () => api.start(phone, value),
    block: () => api.block(phone),
    unblock: () => api.unblock(phone),
    repeat: () => api.repeatLast(phone),
  };
  attempt(doing[kind]);
}

function append(message, previous) {
  const log = byId("log");
  const typing = log.querySelector(".typing");
  const day = new Date(message.at);
  const isNewDay = !previous || new Date(previous.at).toDateString() !== day.toDateString();
  if (isNewDay) log.insertBefore(element("p", { class: "day", text: dayName(day) }), typing);
  log.insertBefore(elementOf(message, !isNewDay && previous.sender === message.sender), typing);
}

const elementOf = (message, follows) => messageElement(message, { follows, takenSeq: chat.state.taken_id, actions });

function showHeader() {
  const name = chat.contact.name || prettyPhone(chat.contact.phone);
  const isTyping = byId("log").querySelector(".typing") !== null;
  byId("chat-status").textContent = isTyping ? word("typing") : word("owner", { name });
  byId("device-owner").textContent = name;
}

function showTyping(until) {
  clearTimeout(chat.typingTimer);
  const leftMs = until ? new Date(until) - Date.now() : 0;
  const shown = byId("log").querySelector(".typing");
  if (leftMs <= 0) shown?.remove();
  else if (!shown) byId("log").append(element("div", { class: "typing", "aria-hidden": "true" }, ...[1, 2, 3].map(() => element("i"))));
  if (leftMs > 0) chat.typingTimer = setTimeout(() => setState({ ...chat.state, typing_until: null }), leftMs);
}

function isNearEnd() {
  const log = byId("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
}

function scrollDown() {
  byId("log").scrollTop = byId("log").scrollHeight;
}
