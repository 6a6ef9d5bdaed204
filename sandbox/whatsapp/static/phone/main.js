// The page as a whole: which phone is in hand, and news as it comes.

import "./words.js";
import { addContact, chooseBusiness, chooseFault, fetchContacts, fetchGateway, listen } from "./api.js";
import { prepareBusiness, redrawBusiness, showBusiness } from "./business.js";
import { catchUp, forgetChat, openChat, phoneInHand, prepareChat, receive, redrawChat, redrawHeader, setState } from "./chat.js";
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
  const { contacts, run_id: runId, business } = await fetchContacts();
  if (setContacts(contacts, runId)) forgetChat();
  showBusiness(business);
  redrawHeader();
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
  redrawBusiness();
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
prepareBusiness(chooseBusiness);
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
const pickUpNamed = async () => {
  const named = contactOf(window.location.hash.slice(1));
  if (named && named.phone !== phoneInHand()) await choosePhone(named.phone);
};
// The page with both phones names another person in the address.
window.addEventListener("hashchange", pickUpNamed);
await pickUpNamed();
listen({ onNews, onOpen, onLost });
