// What a message's text means on a phone: emphasis, links, one-time codes, numbered choices.

import { element } from "./dom.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const TOKEN = /```([^`]+)```|(?<![\p{L}\p{N}*_~])([*_~])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}*_~])|(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/gu;

/** Text as nodes; only text nodes and elements made here, so no message can bring markup of its own. */
export function richText(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > from) nodes.push(document.createTextNode(text.slice(from, match.index)));
    nodes.push(token(match));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

function token([, mono, mark, marked, link]) {
  if (mono) return element("code", { text: mono });
  if (mark) return element(MARKS[mark], {}, ...richText(marked));
  return element("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: link });
}

/** The one-time code in a message that speaks of one, or null. */
export function codeIn(text) {
  if (!/\b(kode|code|otp|pin)\b/i.test(text)) return null;
  return text.match(/(?<![\d.,/-])\d{6}(?![\d.,/-]*\d)/)?.[0] ?? null;
}

/** `[{number, label}]` for a message that offers a numbered menu. */
export function numberedChoices(text) {
  const lines = [...text.matchAll(/^\s*\*?(\d{1,2})[.)]\*?\s+(.+)$/gm)];
  if (lines.length < 2 || lines.some((line, index) => Number(line[1]) !== index + 1)) return [];
  return lines.map(([, number, label]) => ({ number, label: label.replace(/[*_]/g, "") }));
}
