// Below the composer: the start button, and the keyboard a bot puts in place of the phone's own.

import { byId, element, icon } from "../../shared/dom.js";
import { word } from "../../shared/language.js";

/** Show what the state calls for; `actions` has `say(text)`, `shareOwn()`, `start()` and `unblock()`. */
export function showKeyboard(state, actions) {
  const isClosed = !state.started || state.blocked;
  byId("composer").hidden = isClosed;
  showGate(state, actions, isClosed);
  showKeys(isClosed ? [] : (state.keyboard?.rows ?? []), actions);
  byId("text").placeholder = state.keyboard?.placeholder || word("message_placeholder");
}

/** Keys that are there already stay, so that news never take away what is being clicked. */
function showKeys(rows, actions) {
  const keyboard = byId("keyboard");
  keyboard.hidden = rows.length === 0;
  if (keyboard.dataset.drawn === JSON.stringify(rows)) return;
  keyboard.dataset.drawn = JSON.stringify(rows);
  keyboard.replaceChildren(...rows.map((row) => element("div", { class: "key-row" }, ...row.map((key) => keyElement(key, actions)))));
}

function showGate(state, actions, isClosed) {
  const gate = byId("gate");
  gate.hidden = !isClosed;
  gate.textContent = word(state.blocked ? "unblock" : "start");
  gate.onclick = () => (state.blocked ? actions.unblock() : actions.start());
}

function keyElement(key, actions) {
  const press = () => (key.request_contact ? actions.shareOwn() : actions.say(key.text));
  return element("button", { type: "button", class: "choice", onclick: press }, key.request_contact ? icon("person") : null, key.text);
}
