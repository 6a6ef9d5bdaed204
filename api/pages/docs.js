// Draws the API document: an index, one card per endpoint with fields, answers and a form to try it.
"use strict";

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
};
const byId = (id) => document.getElementById(id);
const pretty = (value) => JSON.stringify(value, null, 2);
const NEEDS = { token: "token", key: "API key" };

let spec;

const resolve = (schema) => (schema && schema.$ref ? spec.components.schemas[schema.$ref.split("/").pop()] : schema || {});

/** A schema in a few words: `integer 1–12`, `"unpaid" | "paid"`, `array of Package`. */
function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (schema.type === "array") return `array of ${kind(schema.items || {})}`;
  const types = [].concat(schema.type || "any").join(" or ");
  return [types, schema.format, bounds(schema)].filter(Boolean).join(" ");
}

function bounds({ minimum, maximum, minLength, maxLength, pattern }) {
  if (pattern) return pattern;
  if (minimum != null && maximum != null) return `${minimum}–${maximum}`;
  if (minimum != null) return `≥ ${minimum}`;
  if (maxLength != null) return minLength > 1 ? `${minLength}–${maxLength} characters` : `≤ ${maxLength} characters`;
  return "";
}

function fieldsOf(operation) {
  if (operation.parameters) {
    return operation.parameters.map(({ name, schema, required }) => ({ name, schema, required: Boolean(required) }));
  }
  const body = operation.requestBody && resolve(operation.requestBody.content["application/json"].schema);
  if (!body) return [];
  return Object.entries(body.properties).map(([name, schema]) => ({ name, schema, required: body.required.includes(name) }));
}

function table(rows) {
  const body = make("tbody");
  for (const { name, schema, required } of rows) {
    const head = make("th", { scope: "row" }, make("span", { class: "name" }, name));
    if (required) head.append(" ", make("span", { class: "required" }, "required"));
    body.append(make("tr", {}, head, make("td", { class: "kind" }, kind(schema))));
  }
  return make("table", {}, body);
}

function answers(operation) {
  const box = make("div");
  for (const [status, { description, content }] of Object.entries(operation.responses)) {
    const { schema, examples = {} } = content["application/json"];
    const tone = status < 300 ? "ok" : status < 500 ? "no" : "bad";
    const shapes = (schema.anyOf || [schema]).map(kind).join(" or ");
    const details = make("details", { open: status < 300 }, make("summary", {}, make("b", { class: tone }, status), `${description} `, make("span", { class: "kind" }, shapes)));
    for (const { value } of Object.values(examples)) details.append(make("pre", { tabindex: "0" }, pretty(value)));
    for (const shape of schema.anyOf || [schema]) details.append(shapeOf(shape));
    box.append(details);
  }
  return box;
}

/** The fields of an answer, with those of the objects inside it. */
function shapeOf(schema) {
  const box = make("details", {}, make("summary", { class: "kind" }, `fields of ${kind(schema)}`));
  box.addEventListener("toggle", () => {
    if (box.open && !box.dataset.drawn) {
      box.dataset.drawn = "yes";
      drawShape(box, schema, new Set());
    }
  });
  return box;
}

function drawShape(box, schema, seen) {
  const name = kind(schema);
  const { properties, required = [], description } = resolve(schema);
  if (!properties || seen.has(name)) return;
  seen.add(name);
  box.append(make("p", { class: "kind" }, `${name}${description ? ": " + description : ""}`));
  box.append(table(Object.entries(properties).map(([field, shape]) => ({ name: field, schema: shape, required: required.includes(field) }))));
  for (const shape of Object.values(properties)) {
    for (const inner of [shape, shape.items, ...(shape.anyOf || [])]) if (inner && inner.$ref) drawShape(box, inner, seen);
  }
}

function sample(schema) {
  if (schema.enum) return schema.enum[0];
  const type = [].concat(schema.type)[0];
  if (type === "array") return [];
  if (type === "integer" || type === "number") return schema.minimum > 0 ? schema.minimum : 1;
  return schema.format === "email" ? "someone@example.com" : "";
}

function tryForm(path, method, operation) {
  const fields = fieldsOf(operation);
  const form = make("form", { class: "try", autocomplete: "off" });
  const result = make("div", { class: "result", role: "status", "aria-live": "polite" });
  const inQuery = method === "get";
  let collect = () => ({});
  if (fields.length && inQuery) {
    const grid = make("div", { class: "fields" });
    for (const { name, required } of fields) {
      const id = `${operation.operationId}-${name}`;
      grid.append(make("label", { for: id, class: "name" }, name), make("input", { id, name, "aria-required": String(required), spellcheck: "false" }));
    }
    form.append(grid);
    collect = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  } else if (fields.length) {
    const example = Object.fromEntries(fields.filter((field) => field.required).map(({ name, schema }) => [name, sample(schema)]));
    const area = make("textarea", { "aria-label": "JSON body", spellcheck: "false" });
    area.value = pretty(example);
    form.append(area);
    collect = () => area.value;
  }
  const button = make("button", { class: "send", type: "submit" }, "Send");
  form.append(button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await send(path, method, operation, collect(), result);
    button.disabled = false;
  });
  return make("div", {}, make("h4", {}, "Try it"), form, result);
}

async function send(path, method, operation, given, result) {
  const headers = {};
  if (operation.security.some((each) => each.token)) headers.Authorization = `Bearer ${byId("token").value.trim()}`;
  if (operation.security.some((each) => each.key)) headers["X-MYWIFI-KEY"] = byId("key").value.trim();
  const options = { method: method.toUpperCase(), headers };
  let url = path;
  if (typeof given === "string") {
    options.body = given;
    headers["Content-Type"] = "application/json";
  } else if (Object.keys(given).length) {
    url += `?${new URLSearchParams(given)}`;
  }
  const began = performance.now();
  try {
    const response = await fetch(url, options);
    const body = await response.text();
    show(result, response.status, Math.round(performance.now() - began), body);
    keepToken(operation, body);
  } catch (error) {
    result.replaceChildren(make("p", { class: "bad" }, `No answer: ${error.message}`));
  }
}

function show(result, status, ms, body) {
  const tone = status < 300 ? "ok" : status < 500 ? "no" : "bad";
  let text = body;
  try { text = pretty(JSON.parse(body)); } catch { /* shown as it came */ }
  result.replaceChildren(make("p", {}, make("b", { class: tone }, String(status)), ` in ${ms} ms`), make("pre", { tabindex: "0" }, text));
}

/** Whoever logs in here goes on with that token. It lives in this page only. */
function keepToken(operation, body) {
  try {
    const { token } = JSON.parse(body);
    if (token) byId("token").value = token;
  } catch { /* no JSON, no token */ }
}

function card(path, method, operation, alternates) {
  const needs = operation.security.map((each) => NEEDS[Object.keys(each)[0]]);
  const body = make("div", { class: "body", id: `body-${operation.operationId}`, hidden: true });
  const button = make("button", { type: "button", "aria-expanded": "false", "aria-controls": body.id },
    make("span", { class: `method ${method}` }, method.toUpperCase()),
    make("span", { class: "path" }, path),
    make("span", { class: "summary" }, operation.summary),
    ...needs.map((need) => make("span", { class: "needs" }, need)));
  const article = make("article", { id: operation.operationId }, make("h3", {}, button), body);
  button.addEventListener("click", () => open(article, body.hidden));
  article.fill = () => fill(body, path, method, operation, alternates);
  return article;
}

function fill(body, path, method, operation, alternates) {
  if (body.childElementCount) return;
  body.append(make("p", {}, operation.description));
  if (alternates.length) body.append(make("p", { class: "kind" }, `Also: ${alternates.join(", ")}`));
  const fields = fieldsOf(operation);
  if (fields.length) body.append(make("h4", {}, method === "get" ? "Query" : "Body"), table(fields));
  body.append(make("h4", {}, "Answers"), answers(operation), tryForm(path, method, operation));
}

function open(article, isOpen) {
  const [heading, body] = article.children;
  if (isOpen) article.fill();
  body.hidden = !isOpen;
  heading.firstChild.setAttribute("aria-expanded", String(isOpen));
}

function openNamed() {
  const article = byId(decodeURIComponent(location.hash.slice(1)));
  if (article && article.fill) {
    open(article, true);
    article.scrollIntoView();
  }
}

function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const link of document.querySelectorAll("nav li")) link.hidden = !wanted.every((word) => link.textContent.toLowerCase().includes(word) || link.dataset.summary.includes(word));
  for (const group of document.querySelectorAll("nav section")) group.hidden = ![...group.querySelectorAll("li")].some((link) => !link.hidden);
}

/** Primary endpoints by tag; alternates are named on the card they belong to. */
function draw() {
  byId("title").textContent = spec.info.title;
  byId("about").textContent = spec.info.description;
  const flat = Object.entries(spec.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  for (const { name } of spec.tags) {
    const list = make("ul");
    byId("content").append(make("h2", { id: `tag-${name}` }, name));
    for (const { path, method, operation } of flat) {
      if (operation["x-alternate"] || !operation.tags.includes(name)) continue;
      const alternates = flat
        .filter((other) => other.operation["x-alternate"] === operation.operationId)
        .map((other) => `${other.method.toUpperCase()} ${other.path}`);
      byId("content").append(card(path, method, operation, alternates));
      const link = make("a", { href: `#${operation.operationId}` }, make("span", { class: `method ${method}` }, method.toUpperCase()), make("span", { class: "path" }, path.replace("/api", "")));
      list.append(make("li", { "data-summary": operation.summary.toLowerCase() }, link));
    }
    byId("index").append(make("section", {}, make("h2", {}, name), list));
  }
}

function listenToKeys() {
  byId("find").addEventListener("input", (event) => find(event.target.value));
  byId("find").addEventListener("keydown", (event) => {
    const first = document.querySelector("nav li:not([hidden]) a");
    if (event.key === "Enter" && first) first.click();
  });
  byId("credentials").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      byId("find").focus();
    }
  });
  addEventListener("hashchange", openNamed);
}

async function start() {
  listenToKeys();
  spec = await (await fetch("/api/openapi.json")).json();
  draw();
  openNamed();
}

start().catch((error) => byId("content").append(make("p", { class: "bad" }, `The document could not be read: ${error.message}`)));
