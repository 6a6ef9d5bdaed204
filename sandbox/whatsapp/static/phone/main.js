// The page as a whole: which phone is in hand, and news as it comes.

import "./words.js";
import { addContact, chooseFault, fetchContacts, fetchGateway, listen } from "./api.js";
import { catchUp, forgetChat, openChat, phoneInHand, prepareChat, receive, redrawChat, setState } from "./chat.js";
import { byId } from "../../shared/dom.js";
import { prepareGateway, redrawGateway, refreshGateway } from "../../shared/drawer.js";
import { contactOf, drawPhones, markRead, noteMessage, preparePhones, setContacts } from "../../shared/phones.js";
import { clockTime, switchLanguage, translatePage } from "../../shared/language.js";

const LOST_MS = 3000;
const CLOCK_MS = 10000;

let lostTimer = 0;

const isChatVisible = () => !document.hidden && (document.body.dataset.view === "chat" || window.innerWidth > 760);

function draw() {
  if (phoneInHand() && isChatVisible()) markRead(phoneInHand());
  drawPhones(phoneInHand(), choosePhone);
}

async function loadContacts() {
  const { contacts, run_id: runId } = await fetchContacts();
  if (setContacts(contacts, runId)) forgetChat();
  draw();
}

async function choosePhone(phone) {
  document.body.dataset.view = "chat";
  window.history.replaceState(null, "", `#${phone}`);
  await openChat(contactOf(phone));
  draw();
  byId("text").focus();
}

function backToPhones() {
  document.body.dataset.view = "phones";
  draw();
  byId("phone-list").querySelector('[aria-current="true"]')?.focus();
}

async function onNews(news) {
  if (news.type === "journal") await refreshGateway();
  else if (news.type === "contacts") await loadContacts();
  else if (news.type === "message") await onMessage(news);
  else if (news.phone === phoneInHand()) setState(news.state);
}

async function onMessage({ phone, message }) {
  if (phone === phoneInHand()) await receive(message);
  if (!contactOf(phone)) await loadContacts();
  noteMessage(phone, message);
  draw();
}

async function onOpen() {
  clearTimeout(lostTimer);
  lostTimer = 0;
  byId("offline").hidden = true;
  await loadContacts();
  await Promise.all([catchUp(), refreshGateway()]);
}

/** Streams end and come back all the time; only a gap worth knowing is shown. */
function onLost() {
  lostTimer ||= setTimeout(() => { byId("offline").hidden = false; }, LOST_MS);
}

async function addNumber(event) {
  event.preventDefault();
  const error = byId("add-error");
  try {
    const { phone } = await addContact(byId("new-number").value);
    byId("new-number").value = "";
    error.hidden = true;
    await loadContacts();
    await choosePhone(phone);
  } catch (problem) {
    error.textContent = problem.message;
    error.hidden = false;
  }
}

function changeLanguage() {
  switchLanguage();
  translatePage();
  redrawGateway();
  redrawChat();
  refreshGateway();
  draw();
}

function tellTime() {
  byId("device-clock").textContent = clockTime(new Date());
}

translatePage();
prepareChat();
preparePhones();
prepareGateway({ fetchGateway, chooseFault });
tellTime();
setInterval(tellTime, CLOCK_MS);
byId("language").addEventListener("click", changeLanguage);
byId("back").addEventListener("click", backToPhones);
byId("add-number").addEventListener("submit", addNumber);
document.addEventListener("visibilitychange", draw);
document.addEventListener("keydown", (event) => {
  const isOnTop = byId("sheet").open || byId("gateway").contains(document.activeElement);
  if (event.key === "Escape" && !isOnTop && document.body.dataset.view === "chat" && window.innerWidth <= 760) backToPhones();
});

await loadContacts();
const remembered = contactOf(window.location.hash.slice(1));
if (remembered) await choosePhone(remembered.phone);
listen({ onNews, onOpen, onLost });
