// What the stand-in can be asked, in the shapes the shared parts of the page know.

import { call, listen as listenTo, photoForm, sendJson } from "../../shared/live.js";

const BASE = "phone/api";
const TYPES = ["message", "gone", "state", "answer", "people", "journal"];

const people = new Map();

/** The user id behind a phone. */
const chat = (phone) => `${BASE}/chats/${people.get(phone)}`;

export const phoneOf = (chatId) => [...people].find(([, id]) => id === chatId)?.[0] ?? null;

/** A message as a bubble: `seq` is its id, `sent` the message as Telegram has it. */
export function bubbleOf(sent) {
  const contact = sent.contact ? [sent.contact.first_name, sent.contact.last_name].filter(Boolean).join(" ") : "";
  return {
    seq: sent.message_id,
    at: new Date(sent.date * 1000).toISOString(),
    sender: sent.from?.is_bot ? "business" : "customer",
    notice: null,
    content: {
      text: sent.text ?? sent.caption ?? sent.document?.file_name ?? contact,
      photo_id: sent.photo?.at(-1).file_id ?? "",
    },
    sent,
  };
}

export const fileUrl = (id) => `${BASE}/files/${id}`;

export async function fetchPeople() {
  const found = await call(`${BASE}/people`);
  for (const line of found.people) people.set(line.phone, line.id);
  const contacts = found.people.map((line) => ({ ...line, last: line.last && bubbleOf(line.last) }));
  return { contacts, runId: found.run_id, bot: found.bot };
}

export async function fetchMessages(phone) {
  const { messages, state } = await call(`${chat(phone)}/messages`);
  return { messages: messages.map(bubbleOf), state };
}

export const addPerson = (phone) => sendJson("POST", `${BASE}/people`, { phone });
export const start = (phone, payload) => sendJson("POST", `${chat(phone)}/start`, { payload });
export const sendText = (phone, text) => sendJson("POST", `${chat(phone)}/messages`, { text });
export const sendPhoto = (phone, text, photo) => call(`${chat(phone)}/messages`, { method: "POST", body: photoForm(text, photo) });
export const tap = (phone, messageId, data) => sendJson("POST", `${chat(phone)}/taps`, { message_id: messageId, data });
export const shareContact = (phone, contact) => sendJson("POST", `${chat(phone)}/contacts`, contact);
export const block = (phone) => sendJson("POST", `${chat(phone)}/block`, {});
export const unblock = (phone) => sendJson("POST", `${chat(phone)}/unblock`, {});
export const repeatLast = (phone) => sendJson("POST", `${chat(phone)}/repeat-last`, {});
export const fetchGateway = () => call(`${BASE}/server`);
export const chooseFault = (mode, once) => sendJson("POST", `${BASE}/faults`, once ? { mode, times: 1 } : { mode });

export const listen = (hearers) => listenTo(`${BASE}/events`, TYPES, hearers);
