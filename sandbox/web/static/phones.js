// The list of phones, with what is unread on each.

import { byId, element, prettyPhone } from "./dom.js";
import { clockTime, word } from "./language.js";

// Each messenger keeps its own account of what was read.
const READ_KEY = `loket.sandbox.read ${window.location.pathname}`;
const TONES = 6;

const list = { contacts: [], runId: "", read: {} };

/** Replace the whole list; true when the server has begun anew since the last time. */
export function setContacts(contacts, runId) {
  const restarted = list.runId !== "" && list.runId !== runId;
  const kept = JSON.parse(localStorage.getItem(READ_KEY) ?? "null");
  list.read = kept?.runId === runId ? kept.read : {};
  Object.assign(list, { contacts, runId });
  return restarted;
}

export const contactOf = (phone) => list.contacts.find((contact) => contact.phone === phone);

/** Everybody whose phone this is not. */
export const others = (phone) => list.contacts.filter((contact) => contact.phone !== phone);

export function noteMessage(phone, message) {
  const contact = contactOf(phone);
  if (!contact || (contact.last && contact.last.seq >= message.seq)) return;
  contact.last = message;
  if (message.sender === "business") contact.received += 1;
}

export function markRead(phone) {
  const contact = contactOf(phone);
  if (!contact) return;
  list.read[phone] = contact.received;
  localStorage.setItem(READ_KEY, JSON.stringify({ runId: list.runId, read: list.read }));
}

/** Draw the list; every phone keeps its button, so that news never take away what is being clicked. */
export function drawPhones(current, choose) {
  const drawn = new Map([...byId("phone-list").querySelectorAll("button")].map((button) => [button.dataset.phone, button]));
  const buttons = list.contacts.map(({ phone }) => drawn.get(phone) ?? buttonElement(phone, choose));
  list.contacts.forEach((contact, index) => fill(buttons[index], contact, contact.phone === current));
  if (buttons.length === drawn.size && buttons.every((button) => button.isConnected)) return;
  const focused = document.activeElement;
  byId("phone-list").replaceChildren(...buttons.map((button) => element("li", {}, button)));
  if (buttons.includes(focused)) focused.focus();
}

/** Arrow keys walk the list. */
export function preparePhones() {
  byId("phone-list").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...byId("phone-list").querySelectorAll("button")];
    const next = buttons.indexOf(document.activeElement) + step;
    buttons[Math.max(0, Math.min(buttons.length - 1, next))].focus();
  });
}

function buttonElement(phone, choose) {
  return element("button", { type: "button", class: "phone-item", "data-phone": phone, onclick: () => choose(phone) });
}

function fill(button, contact, isCurrent) {
  const unread = Math.max(0, contact.received - (list.read[contact.phone] ?? 0));
  const avatar = element("span", { class: `avatar tone-${tone(contact.phone)}`, "aria-hidden": "true", text: initials(contact) });
  button.setAttribute("aria-current", String(isCurrent));
  button.replaceChildren(avatar, wordsElement(contact), sideElement(contact, unread));
}

function wordsElement(contact) {
  return element(
    "span",
    { class: "phone-words" },
    element("span", { class: "phone-name", text: contact.name || prettyPhone(contact.phone) }),
    element("span", { class: "phone-note", text: contact.note || (contact.name ? prettyPhone(contact.phone) : word("stranger")) }),
    contact.last ? element("span", { class: "phone-last", text: lastWords(contact.last) }) : null,
  );
}

function sideElement(contact, unread) {
  const badge = unread ? element("span", { class: "badge", "aria-label": word("unread", { n: unread }), text: String(unread) }) : null;
  const time = contact.last ? element("time", { text: clockTime(new Date(contact.last.at)) }) : null;
  return element("span", { class: "phone-side" }, time, badge);
}

function lastWords({ sender, notice, content }) {
  if (notice) return word("notices")[notice];
  const text = content.text || content.document?.name || (content.photo_id ? word("photo") : "");
  return (sender === "customer" ? word("you") : "") + text.replace(/\s+/g, " ").replace(/[*_~]/g, "");
}

function initials(contact) {
  if (!contact.name) return contact.phone.slice(-2);
  return contact.name.split(/\s+/).slice(0, 2).map((part) => part[0]).join("").toUpperCase();
}

const tone = (phone) => [...phone].reduce((sum, digit) => sum + Number(digit), 0) % TONES;
