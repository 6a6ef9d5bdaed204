// The list of an interactive message, rising from the bottom of the phone.

import { byId, element } from "./dom.js";
import { word } from "./language.js";

let opener = null;

/** Show the menu; `choose(value, choice)` is called with the chosen row. */
export function openSheet(menu, from, choose) {
  opener = from;
  byId("sheet-title").textContent = menu.title || menu.button || word("choose");
  byId("sheet-rows").replaceChildren(...menu.sections.flatMap((section) => sectionElements(section, choose)));
  byId("chat").inert = true;
  byId("sheet").show();
  byId("sheet-rows").querySelector("button").focus();
}

export function closeSheet() {
  if (!byId("sheet").open) return;
  byId("chat").inert = false;
  byId("sheet").close();
  opener?.focus();
}

export function prepareSheet() {
  byId("sheet-close").addEventListener("click", closeSheet);
  byId("sheet").addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeSheet();
  });
}

function sectionElements(section, choose) {
  const rows = section.choices.map((choice) => rowElement(choice, choose));
  return section.title ? [element("h4", { text: section.title }), ...rows] : rows;
}

function rowElement(choice, choose) {
  const pick = () => {
    closeSheet();
    choose(choice.value, choice);
  };
  const description = choice.description ? element("small", { text: choice.description }) : null;
  return element("button", { type: "button", class: "sheet-row", onclick: pick }, choice.label, description);
}
