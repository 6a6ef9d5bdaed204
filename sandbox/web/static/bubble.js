// Parts of a bubble that look alike in every messenger.

import { element, icon } from "./dom.js";
import { clockTime, word } from "./language.js";

const COPIED_MS = 2000;

/** When it was said; what the customer said also shows whether the chatbot has it. */
export function metaElement(message, takenSeq) {
  const meta = element("div", { class: "meta" }, element("time", { datetime: message.at, text: clockTime(new Date(message.at)) }));
  if (message.sender === "customer") meta.append(tick(message.seq <= takenSeq));
  return meta;
}

function tick(taken) {
  const label = word(taken ? "taken" : "waiting");
  return element("span", { class: taken ? "tick taken" : "tick", role: "img", "aria-label": label, title: label }, icon(taken ? "ticks" : "tick"));
}

/** Turn the single ticks of everything the chatbot has taken by now into double ones. */
export function markTaken(log, takenSeq) {
  for (const pending of log.querySelectorAll(".tick:not(.taken)")) {
    if (Number(pending.closest("[data-seq]").dataset.seq) <= takenSeq) pending.replaceWith(tick(true));
  }
}

/** A one-time code, large and with a button that copies it. */
export function codeElement(code) {
  const words = element("span", { text: word("copy") });
  const output = element("output", { text: code });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
    } catch {
      // Not every browser lets a page write there; what is selected can be copied by hand.
      window.getSelection().selectAllChildren(output);
      return;
    }
    words.textContent = word("copied");
    setTimeout(() => { words.textContent = word("copy"); }, COPIED_MS);
  };
  return element(
    "div",
    { class: "code", role: "group", "aria-label": word("code", { code }) },
    output,
    element("button", { type: "button", onclick: copy }, icon("copy"), words),
  );
}
