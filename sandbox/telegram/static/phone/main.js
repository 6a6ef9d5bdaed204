// The page as a whole: which phone is in hand, and news as it comes.

import "./words.js";
import { addPerson, bubbleOf, chooseFault, fetchGateway, fetchPeople, listen, phoneOf } from "./api.js";
import { catchUp, forgetChat, openChat, phoneInHand, prepareChat, receive, redrawChat, remove, setState, showAnswer, showCommands } from "./chat.js";
import { byId } from "../../shared/dom.js";
import { prepareGateway, redrawGateway, refreshGateway } from "../../shared/drawer.js";
import { clockTime, switchLanguage, translatePage } from "../../shared/language.js";
import { contactOf, drawPhones, markRead, noteMessage, preparePhones, setContacts } from "../../shared/phones.js";

const LOST_MS = 3000;
const CLOCK_MS = 10000;

let lostTimer = 0;

const isChatVisible = () => !document.hidden && (document.body.dataset.view === "chat" || window.innerWidth > 760);

function draw() {
  if (phoneInHand() && isChatVisible()) markRead(phoneInHand());
  drawPhones(phoneInHand(), choosePhone);
}

async function loadPeople() {
  const { contacts, runId, bot } = await fetchPeople();
  if (setContacts(contacts, runId)) forgetChat();
  byId("chat-title").textContent = bot.first_name;
  showCommands();
  draw();
}

async function choosePhone(phone) {
  document.body.dataset.view = "chat";
  window.history.replaceState(null, "", `#${phone}`);
  await openChat(contactOf(phone));
  draw();
  byId(byId("composer").hidden ? "gate" : "text").focus();
}

function backToPhones() {
  document.body.dataset.view = "phones";
  draw();
  byId("phone-list").querySelector('[aria-current="true"]')?.focus();
}

async function onNews(news) {
  if (news.type === "journal") await refreshGateway();
  else if (news.type === "people") await loadPeople();
  else if (news.type === "message") onMessage(phoneOf(news.chat_id), bubbleOf(news.message));
  else if (phoneOf(news.chat_id) === phoneInHand()) onChatNews(news);
}

function onMessage(phone, message) {
  if (phone === null) return; // a group
  if (phone === phoneInHand()) receive(message);
  noteMessage(phone, message);
  draw();
}

function onChatNews(news) {
  if (news.type === "gone") remove(news.message_id);
  else if (news.type === "answer") showAnswer(news);
  else setState(news.state);
}

async function onOpen() {
  clearTimeout(lostTimer);
  lostTimer = 0;
  byId("offline").hidden = true;
  await loadPeople();
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
    const { phone } = await addPerson(byId("new-number").value);
    byId("new-number").value = "";
    error.hidden = true;
    await loadPeople();
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

await loadPeople();
const pickUpNamed = async () => {
  const named = contactOf(window.location.hash.slice(1));
  if (named && named.phone !== phoneInHand()) await choosePhone(named.phone);
};
// The page with both phones names another person in the address.
window.addEventListener("hashchange", pickUpNamed);
await pickUpNamed();
listen({ onNews, onOpen, onLost });
