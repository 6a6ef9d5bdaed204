// How the business's number is reached: shown beside its name, chosen in the gateway drawer.

import { byId, element } from "../../shared/dom.js";
import { word } from "../../shared/language.js";

const business = { spoken: "wire", choices: ["wire"] };

/** `choose(name)` is called with the way that was picked. */
export function prepareBusiness(choose) {
  byId("business").addEventListener("change", () => choose(byId("business").value));
}

export function showBusiness({ spoken, choices }) {
  Object.assign(business, { spoken, choices });
  redrawBusiness();
}

export function redrawBusiness() {
  const options = business.choices.map((name) => element("option", { value: name, text: word("ways")[name][0] }));
  byId("business").replaceChildren(...options);
  byId("business").value = business.spoken;
  byId("business-hint").textContent = word("ways")[business.spoken][1];
}

/** What stands behind the owner's name; nothing for the gateway everybody begins with. */
export const businessWay = () => (business.spoken === "wire" ? "" : ` · ${word("ways")[business.spoken][0]}`);
