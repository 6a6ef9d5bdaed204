// What the gateway stand-in can be asked.

import { call, listen as listenTo, photoForm, sendJson } from "../../shared/live.js";

const BASE = "phone/api";
const TYPES = ["message", "state", "contacts", "journal"];

export const fileUrl = (id) => `${BASE}/files/${id}`;
export const fetchContacts = () => call(`${BASE}/contacts`);
export const fetchMessages = (phone, after) => call(`${BASE}/chats/${phone}/messages?after=${after}`);
export const fetchGateway = () => call(`${BASE}/gateway`);
export const addContact = (phone) => sendJson("POST", `${BASE}/contacts`, { phone });
export const sendText = (phone, text, choiceId = "") =>
  sendJson("POST", `${BASE}/chats/${phone}/messages`, { text, choice_id: choiceId });
export const chooseBusiness = (spoken) => sendJson("POST", `${BASE}/business`, { spoken });
export const resendLast = (phone) => sendJson("POST", `${BASE}/chats/${phone}/resend-last`, {});
export const chooseFault = (mode, once) => sendJson("POST", `${BASE}/faults`, once ? { mode, times: 1 } : { mode });

export const sendPhoto = (phone, text, photo) =>
  call(`${BASE}/chats/${phone}/messages`, { method: "POST", body: photoForm(text, photo) });

export const listen = (hearers) => listenTo(`${BASE}/events`, TYPES, hearers);
