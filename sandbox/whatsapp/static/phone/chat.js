// The conversation on the phone in hand.

import { fetchMessages, resendLast, sendPhoto, sendText } from "./api.js";
import { messageElement } from "./bubbles.js";
import { markTaken } from "../../shared/bubble.js";
import { clearComposer, prepareComposer, say, suggest } from "../../shared/composer.js";
import { businessWay } from "./business.js";
import { byId, element, prettyPhone } from "../../shared/dom.js";
import { closeSheet, openSheet, prepareSheet } from "../../shared/sheet.js";
import { dayName, word } from "../../shared/language.js";

const NEAR_PX = 120;
const NO_STATE = { waiting: false, taken_seq: 0, handoff_until: null };

const chat = { contact: null, messages: [], state: NO_STATE, handoffTimer: 0 };

export const phoneInHand = () => chat.contact?.phone ?? null;

export function prepareChat() {
  prepareSheet();
  prepareComposer(phoneInHand, { sendText, sendPhoto });
  byId("resend").addEventListener("click", resend);
}

/** Take up this contact's phone and show its whole chat. */
export async function openChat(contact) {
  closeSheet();
  if (contact.phone !== phoneInHand()) clearComposer();
  Object.assign(chat, { contact, messages: [], state: contact.state });
  byId("nobody").hidden = true;
  byId("chat").hidden = false;
  byId("log").replaceChildren();
  showHeader();
  await catchUp();
}

/** Fetch what the event stream may have missed. */
export async function catchUp() {
  const phone = phoneInHand();
  if (!phone) return;
  const { messages, state } = await fetchMessages(phone, chat.messages.at(-1)?.seq ?? 0);
  if (phone !== phoneInHand()) return;
  // A whole history is shown, not read out.
  byId("log").setAttribute("aria-busy", "true");
  for (const message of messages) addMessage(message);
  byId("log").setAttribute("aria-busy", "false");
  setState(state);
  scrollDown();
}

/** Show news; when something before it was missed, fetch that first. */
export async function receive(message) {
  const lastSeq = chat.messages.at(-1)?.seq ?? 0;
  if (message.seq > lastSeq + 1) await catchUp();
  addMessage(message);
}

/** Show a message; one that is already there is ignored. */
function addMessage(message) {
  const last = chat.messages.at(-1);
  if (last && message.seq <= last.seq) return;
  const follow = message.sender === "customer" || isNearEnd();
  chat.messages.push(message);
  append(message, last);
  if (message.sender === "business") suggest(message, sayHere);
  if (follow) scrollDown();
}

export function setState(state) {
  const follow = isNearEnd();
  chat.state = state;
  markTaken(byId("log"), state.taken_seq);
  showTyping(state.waiting);
  showHandoff(state.handoff_until);
  showHeader();
  if (follow) scrollDown();
}

/** The business is reached another way: say so. */
export function redrawHeader() {
  if (chat.contact) showHeader();
}

/** Draw everything again, as after a change of language. */
export function redrawChat() {
  if (!chat.contact) return;
  const { messages } = chat;
  byId("log").replaceChildren();
  messages.forEach((message, index) => append(message, messages[index - 1]));
  setState(chat.state);
  suggest(messages.findLast((message) => message.sender === "business"), sayHere);
  scrollDown();
}

/** The server began anew: what this page remembers no longer exists. */
export function forgetChat() {
  chat.messages = [];
  byId("log").replaceChildren();
}

const sayHere = (text, choiceId = "") => say(phoneInHand(), text, choiceId);

const actions = {
  say: sayHere,
  openMenu: (menu, from) => openSheet(menu, from, (text, { id }) => sayHere(text, id)),
  ownNumber: () => phoneInHand(),
};

function append(message, previous) {
  const log = byId("log");
  const typing = log.querySelector(".typing");
  const day = new Date(message.at);
  const isNewDay = !previous || new Date(previous.at).toDateString() !== day.toDateString();
  const added = isNewDay ? [element("p", { class: "day", text: dayName(day) })] : [];
  const follows = !isNewDay && previous.sender === message.sender;
  added.push(messageElement(message, { follows, takenSeq: chat.state.taken_seq, actions }));
  for (const node of added) log.insertBefore(node, typing);
}

function showHeader() {
  const { contact, state } = chat;
  const name = contact.name || prettyPhone(contact.phone);
  byId("chat-status").textContent = state.waiting ? word("typing") : word("owner", { name }) + businessWay();
  byId("device-owner").textContent = name;
  if (!chat.messages.length) suggest(null, sayHere);
}

function showTyping(waiting) {
  const log = byId("log");
  const shown = log.querySelector(".typing");
  if (waiting && !shown) {
    log.append(element("div", { class: "typing", "aria-hidden": "true" }, ...[1, 2, 3].map(() => element("i"))));
  }
  if (!waiting) shown?.remove();
}

function showHandoff(until) {
  clearTimeout(chat.handoffTimer);
  const leftMs = until ? new Date(until) - Date.now() : 0;
  byId("handoff").hidden = leftMs <= 0;
  if (leftMs > 0) chat.handoffTimer = setTimeout(() => showHandoff(null), leftMs);
}

async function resend() {
  const status = byId("chat-status");
  try {
    await resendLast(phoneInHand());
    status.textContent = word("resent");
  } catch (problem) {
    status.textContent = problem.message;
  }
}

function isNearEnd() {
  const log = byId("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
}

function scrollDown() {
  byId("log").scrollTop = byId("log").scrollHeight;
}
