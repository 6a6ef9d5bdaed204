// Talking to a stand-in: calls with JSON, and news for as long as the page lives.

const RECONNECT_MS = 1500;

/** The answer's JSON; a refusal is an error with the server's own words. */
export async function call(url, options) {
  const response = await fetch(url, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message || `HTTP ${response.status}`);
  return answer;
}

export const sendJson = (method, url, body) =>
  call(url, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** The photo of a composer as a form, with the text beside it. */
export function photoForm(text, photo) {
  const form = new FormData();
  form.append("text", text);
  form.append("width", photo.width);
  form.append("height", photo.height);
  form.append("photo", photo.file, photo.file.name);
  return form;
}

/** News of these types; `onOpen` follows every gap, when something may have been missed. */
export function listen(url, types, { onNews, onOpen, onLost }) {
  const source = new EventSource(url);
  source.addEventListener("open", onOpen);
  for (const type of types) source.addEventListener(type, (event) => onNews(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    onLost();
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => listen(url, types, { onNews, onOpen, onLost }), RECONNECT_MS);
  });
}
