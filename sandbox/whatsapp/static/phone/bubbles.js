// One message as an element: text, photo, document, one-time code, buttons, list.

import { fileUrl } from "./api.js";
import { element, icon } from "../../shared/dom.js";
import { codeElement, metaElement } from "../../shared/bubble.js";
import { word } from "../../shared/language.js";
import { codeIn, richText } from "../../shared/markup.js";

/** `actions.say(text, id)` answers for the customer, `actions.openMenu(menu, opener)` shows a list, `actions.shareText()` is the own number. */
export function messageElement(message, { follows, takenSeq, actions }) {
  if (message.sender === "gateway") return noticeElement(message);
  const row = element("div", { class: `message ${message.sender}`, "data-seq": message.seq });
  row.append(bubble(message, follows, takenSeq));
  const choices = choiceElements(message.content, actions);
  if (choices.length) row.append(element("div", { class: "choices" }, ...choices));
  return row;
}

function noticeElement(message) {
  const trouble = !message.notice.startsWith("handoff");
  const reason = message.content.text ? ` · ${message.content.text}` : "";
  const text = word("notices")[message.notice] + reason;
  return element("p", { class: trouble ? "notice trouble" : "notice", "data-seq": message.seq, text });
}

function bubble(message, follows, takenSeq) {
  const { content } = message;
  const code = message.sender === "business" ? codeIn(content.text) : null;
  return element(
    "div",
    { class: follows ? "bubble same" : "bubble" },
    content.photo_id ? element("img", { src: fileUrl(content.photo_id), alt: word("photo") }) : null,
    content.document ? documentElement(content.document) : null,
    content.header ? element("p", { class: "header", text: content.header }) : null,
    code ? codeElement(code) : null,
    content.text ? element("p", {}, ...richText(content.text)) : null,
    content.footer ? element("p", { class: "footer", text: content.footer }) : null,
    metaElement(message, takenSeq),
  );
}

function documentElement({ id, name }) {
  return element("a", { class: "media", href: fileUrl(id), download: name }, icon("file"), name);
}

function choiceElements(content, actions) {
  const elements = content.buttons.map((choice) => choiceElement(choice, actions));
  if (content.menu) elements.push(menuButton(content.menu, actions));
  return elements;
}

function choiceElement(choice, actions) {
  if (choice.kind === "url") {
    const properties = { class: "choice", href: choice.value, target: "_blank", rel: "noopener noreferrer" };
    return element("a", properties, icon("link"), choice.label);
  }
  if (choice.kind === "call") return element("a", { class: "choice", href: `tel:${choice.value}` }, icon("call"), choice.label);
  if (choice.kind === "share_phone") {
    const say = () => actions.say(actions.ownNumber());
    return element("button", { type: "button", class: "choice", onclick: say }, icon("person"), word("share_phone"));
  }
  return element("button", { type: "button", class: "choice", text: choice.label, onclick: () => actions.say(choice.value, choice.id) });
}

function menuButton(menu, actions) {
  const open = (event) => actions.openMenu(menu, event.currentTarget);
  return element("button", { type: "button", class: "choice", "aria-haspopup": "dialog", onclick: open }, icon("list"), menu.button || word("choose"));
}
