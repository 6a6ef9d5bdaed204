// The page's own words in the tester's language, Indonesian first, and how that language writes a time.

const LANGUAGE_KEY = "loket.sandbox.language";

let words = { id: {}, en: {} };
let language = localStorage.getItem(LANGUAGE_KEY) === "en" ? "en" : "id";

/** What the page says, by language and key. */
export function speak(dictionary) {
  words = dictionary;
}

export const locale = () => (language === "id" ? "id-ID" : "en-GB");

export function word(key, values = {}) {
  const found = words[language][key];
  if (typeof found !== "string") return found;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function switchLanguage() {
  language = language === "id" ? "en" : "id";
  localStorage.setItem(LANGUAGE_KEY, language);
}

/** Fill in every element that names its word in the markup. */
export function translatePage() {
  document.documentElement.lang = language;
  document.title = `Loket · ${word("phones_title")}`;
  document.getElementById("language").textContent = language === "id" ? "EN" : "ID";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  const attributes = { wordLabel: "aria-label", wordTitle: "title", wordPlaceholder: "placeholder" };
  for (const [name, attribute] of Object.entries(attributes)) {
    const selector = `[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`;
    for (const element of document.querySelectorAll(selector)) element.setAttribute(attribute, word(element.dataset[name]));
  }
}

export const clockTime = (at) => new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(at);

export function dayName(at) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (at.toDateString() === today.toDateString()) return word("today");
  if (at.toDateString() === yesterday.toDateString()) return word("yesterday");
  return new Intl.DateTimeFormat(locale(), { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(at);
}
