// The gateway drawer: choose how it misbehaves, see what passed through it.

import { byId, element } from "./dom.js";
import { locale, word } from "./language.js";

let gateway = null;

/** `calls.fetchGateway()` gives the fault and the journal, `calls.chooseFault(mode, once)` the fault then chosen. */
export function prepareGateway(calls) {
  gateway = calls;
  byId("open-gateway").addEventListener("click", () => (byId("gateway").hidden ? open() : close()));
  byId("close-gateway").addEventListener("click", close);
  byId("gateway").addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  byId("fault").addEventListener("change", choose);
  byId("fault-once").addEventListener("change", choose);
  drawFaults();
}

/** Draw what the gateway knows now, if anybody is looking. */
export async function refreshGateway() {
  if (byId("gateway").hidden) return;
  const { fault, received } = await gateway.fetchGateway();
  showFault(fault);
  const drawn = new Map([...byId("journal").children].map((item) => [item.dataset.entry, item]));
  byId("journal").replaceChildren(...received.map((entry) => drawn.get(nameOf(entry)) ?? entryElement(entry)));
  byId("journal-empty").hidden = received.length > 0;
}

/** Begin again in the page's language. */
export function redrawGateway() {
  byId("journal").replaceChildren();
  drawFaults();
}

function drawFaults() {
  const chosen = byId("fault").value || "none";
  const options = Object.entries(word("faults")).map(([mode, [name]]) => element("option", { value: mode, text: name }));
  byId("fault").replaceChildren(...options);
  byId("fault").value = chosen;
  showHint();
}

async function open() {
  byId("gateway").hidden = false;
  byId("open-gateway").setAttribute("aria-expanded", "true");
  byId("close-gateway").focus();
  await refreshGateway();
}

function close() {
  byId("gateway").hidden = true;
  byId("open-gateway").setAttribute("aria-expanded", "false");
  byId("open-gateway").focus();
}

async function choose() {
  showHint();
  showFault(await gateway.chooseFault(byId("fault").value, byId("fault-once").checked));
}

function showHint() {
  byId("fault-hint").textContent = word("faults")[byId("fault").value][1];
}

function showFault({ mode, remaining }) {
  byId("fault").value = mode;
  showHint();
  const name = word("faults")[mode][0];
  byId("fault-now").hidden = mode === "none";
  byId("fault-now").textContent = remaining ? word("fault_left", { mode: name, n: remaining }) : word("fault_now", { mode: name });
}

const nameOf = (entry) => `${entry.at} ${entry.surface} ${entry.summary}`;

function entryElement(entry) {
  const time = new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(new Date(entry.at));
  const summary = element(
    "summary",
    {},
    element("span", { class: "where", text: entry.surface }),
    element("span", { class: "what" }, statusElement(entry), ` ${entry.summary}`),
    element("time", { class: "when", datetime: entry.at, text: time }),
  );
  const remarks = entry.remarks.map((remark) => element("p", { class: "remark", text: remark }));
  const body = entry.body ? element("pre", { text: indented(entry.body) }) : null;
  return element("li", { "data-entry": nameOf(entry) }, element("details", {}, summary, ...remarks, body));
}

function statusElement(entry) {
  return element("span", { class: entry.failed ? "bad" : "good", text: entry.status || word("dropped") });
}

function indented(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
