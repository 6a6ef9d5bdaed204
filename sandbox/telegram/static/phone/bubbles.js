// One message as an element: entities, photo, contact, document, inline keyboard.

import { fileUrl } from "./api.js";
import { codeElement, metaElement } from "../../shared/bubble.js";
import { element, icon, prettyPhone } from "../../shared/dom.js";
import { word } from "../../shared/language.js";
import { codeIn } from "../../shared/markup.js";

const LINK = /(https?:\/\/[^\s<>]+)/;
const DEEP_LINK = /^https:\/\/t\.me\/\w+\?start=([\w-]{1,64})$/;
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote" };

/** `actions.tap(seq, data)` taps an inline button, `actions.say(text)` types for the person. */
export function messageElement(message, { follows, takenSeq, actions }) {
  const row = element("div", { class: `message ${message.sender}`, "data-seq": message.seq });
  row.append(bubble(message, follows, takenSeq, actions));
  const rows = message.sent.reply_markup?.inline_keyboard ?? [];
  if (rows.length) row.append(keyboardElement(rows, message.seq, actions));
  return row;
}

function bubble(message, follows, takenSeq, actions) {
  const { sent, content } = message;
  const text = sent.text ?? sent.caption ?? "";
  const code = message.sender === "business" ? codeIn(text) : null;
  return element(
    "div",
    { class: follows ? "bubble same" : "bubble" },
    content.photo_id ? element("img", { src: fileUrl(content.photo_id), alt: word("photo") }) : null,
    sent.document ? element("a", { class: "media", href: fileUrl(sent.document.file_id), download: sent.document.file_name }, icon("file"), sent.document.file_name) : null,
    sent.contact ? contactElement(sent.contact) : null,
    code ? codeElement(code) : null,
    text ? element("p", {}, ...entityNodes(text, sent.entities ?? sent.caption_entities ?? [], actions)) : null,
    metaOf(message, takenSeq),
  );
}

function metaOf(message, takenSeq) {
  const meta = metaElement(message, takenSeq);
  if (message.sent.edit_date) meta.prepend(word("edited"));
  return meta;
}

function contactElement(contact) {
  const name = [contact.first_name, contact.last_name].filter(Boolean).join(" ");
  const phone = prettyPhone(contact.phone_number.replace(/^\+/, ""));
  return element("div", { class: "card" }, icon("person"), element("b", { text: name }), element("small", { text: phone }));
}

/** Text as nodes: offsets count UTF-16 units, as strings here do; entities may lie inside each other. */
function entityNodes(text, entities, actions, from = 0, to = text.length) {
  const nodes = [];
  let at = from;
  for (const outer of entities) {
    const end = outer.offset + outer.length;
    if (outer.offset < at || end > to) continue;
    if (outer.offset > at) nodes.push(...linkedNodes(text.slice(at, outer.offset), actions));
    const inner = entities.filter((each) => each !== outer && each.offset >= outer.offset && each.offset + each.length <= end && entities.indexOf(each) > entities.indexOf(outer));
    nodes.push(entityElement(outer, text.slice(outer.offset, end), entityNodes(text, inner, actions, outer.offset, end), actions));
    at = end;
  }
  if (at < to) nodes.push(...linkedNodes(text.slice(at, to), actions));
  return nodes;
}

/** Plain text as the app shows it: addresses become links, and one that leads to a bot with a payload presses Start. */
function linkedNodes(text, actions) {
  return text.split(LINK).map((part, place) => {
    if (place % 2 === 0) return document.createTextNode(part);
    const payload = DEEP_LINK.exec(part)?.[1];
    const pressed = (event) => { event.preventDefault(); actions.start(payload); };
    return element("a", { href: part, target: "_blank", rel: "noopener noreferrer", ...(payload ? { onclick: pressed } : {}) }, part);
  });
}

function entityElement(entity, text, nodes, actions) {
  if (entity.type === "text_link") return element("a", { href: entity.url, target: "_blank", rel: "noopener noreferrer" }, ...nodes);
  if (entity.type === "bot_command") return element("span", { class: "command", onclick: () => actions.say(text) }, ...nodes);
  return element(TAGS[entity.type] ?? "span", {}, ...nodes);
}

function keyboardElement(rows, seq, actions) {
  const lines = rows.map((row) => element("div", { class: "key-row" }, ...row.map((button) => buttonElement(button, seq, actions))));
  return element("div", { class: "keys" }, ...lines);
}

function buttonElement(button, seq, actions) {
  if (button.url) {
    return element("a", { class: "choice", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text, icon("link"));
  }
  const press = (event) => {
    event.currentTarget.setAttribute("aria-busy", "true");
    actions.tap(seq, button.callback_data);
  };
  return element("button", { type: "button", class: "choice", text: button.text, onclick: press });
}

/** The bot has acknowledged a tap on this message. */
export function stopTurning(log, seq) {
  for (const button of log.querySelectorAll(`[data-seq="${seq}"] [aria-busy]`)) button.removeAttribute("aria-busy");
}
