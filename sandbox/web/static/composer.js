// Writing: text, photo, suggestions.

import { byId, element } from "./dom.js";
import { numberedChoices } from "./markup.js";
import { word } from "./language.js";

let calls = null;
let photo = null;

/** `currentPhone()` is the phone in hand; `sending` has `sendText(phone, text, choiceId)` and `sendPhoto(phone, text, photo)`. */
export function prepareComposer(currentPhone, sending) {
  calls = sending;
  const send = () => sendWritten(currentPhone());
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  byId("text").addEventListener("input", fitText);
  byId("attach").addEventListener("click", () => byId("photo").click());
  byId("photo").addEventListener("change", () => attach(byId("photo").files[0]));
  byId("detach").addEventListener("click", () => {
    detach();
    byId("text").focus();
  });
}

/** Say something at once, as a tap does, with the id of what was tapped; what is being written stays. */
export async function say(phone, text, choiceId = "") {
  await attempt(() => calls.sendText(phone, text, choiceId));
}

export function clearComposer() {
  byId("text").value = "";
  byId("send-error").hidden = true;
  fitText();
  detach();
}

/** Suggest the numbers of the last message's menu, or else a few good beginnings. */
export function suggest(lastFromBusiness, choose) {
  const numbered = numberedChoices(lastFromBusiness?.content.text ?? "");
  const suggestions = numbered.length
    ? numbered.map(({ number, label }) => ({ text: number, label: `${number} · ${label}` }))
    : word("chips").map((text) => ({ text, label: text }));
  const chips = suggestions.map(({ text, label }) =>
    element("button", { type: "button", class: "chip", text: label, onclick: () => choose(text) }));
  byId("chips").replaceChildren(...chips);
}

async function sendWritten(phone) {
  const text = byId("text").value.trim();
  if (!text && !photo) return;
  const attached = photo;
  clearComposer();
  const sent = await attempt(() => (attached ? calls.sendPhoto(phone, text, attached) : calls.sendText(phone, text)));
  if (!sent && !byId("text").value) byId("text").value = text;
  byId("text").focus();
}

/** Do something that may be refused, and show the refusal above the composer. */
export async function attempt(work) {
  try {
    await work();
    byId("send-error").hidden = true;
    return true;
  } catch (problem) {
    byId("send-error").textContent = problem.message;
    byId("send-error").hidden = false;
    return false;
  }
}

async function attach(file) {
  if (!file) return;
  const image = byId("attached-image");
  image.src = URL.createObjectURL(file);
  byId("attached-name").textContent = file.name;
  byId("attached").hidden = false;
  photo = { file, width: 0, height: 0 };
  await image.decode().catch(() => {});
  if (photo?.file === file) photo = { file, width: image.naturalWidth, height: image.naturalHeight };
  byId("text").focus();
}

function detach() {
  const image = byId("attached-image");
  if (image.src) URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
  byId("photo").value = "";
  byId("attached").hidden = true;
  photo = null;
}

function fitText() {
  const text = byId("text");
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}
