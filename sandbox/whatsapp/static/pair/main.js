// Both phones of one person side by side; where there is room for one only, a tap shows the other.

import "./words.js";
import { byId, element, prettyPhone } from "../../shared/dom.js";
import { switchLanguage, translatePage } from "../../shared/language.js";
import { call } from "../../shared/live.js";

const PAGES = { whatsapp: "phone", telegram: "telegram/phone" };
const frames = Object.keys(PAGES).map(byId);
const tabs = [...document.querySelectorAll(".tabs button")];

const personNamed = () => window.location.hash.slice(1);

/** Put the phones of this person into both hands. */
function pickUp(phone) {
  window.history.replaceState(null, "", `#${phone}`);
  byId("person").value = phone;
  for (const frame of frames) {
    if (frame.src) frame.contentWindow.location.hash = phone;
    else frame.src = `${PAGES[frame.id]}#${phone}`;
  }
}

function show(name) {
  document.querySelector(".pair").dataset.shown = name;
  for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.shows === name));
}

function changeLanguage() {
  switchLanguage();
  translatePage();
  for (const frame of frames) frame.contentWindow.location.reload();
}

const optionOf = ({ phone, name, note }) =>
  element("option", { value: phone, text: `${name || prettyPhone(phone)}${note ? ` · ${note}` : ""}` });

translatePage();
const { contacts } = await call("phone/api/contacts");
byId("person").replaceChildren(...contacts.map(optionOf));
byId("person").addEventListener("change", () => pickUp(byId("person").value));
byId("language").addEventListener("click", changeLanguage);
for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.shows));
const known = contacts.find(({ phone }) => phone === personNamed()) ?? contacts[0];
if (known) pickUp(known.phone);
