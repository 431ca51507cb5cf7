// Fetches the page again every second and swaps the pieces that changed; says so when the gateway is lost.
"use strict";

const EVERY_MS = 1000;
const LIMIT_MS = 4000; // a page takes milliseconds: later it is no answer

async function fetchPage() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LIMIT_MS);
  try {
    const answer = await fetch("/", { cache: "no-store", signal: stop.signal });
    if (answer.status === 401) location.reload(); // the session is over: this shows the door
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } finally {
    clearTimeout(timer);
  }
}

function pieces(root) {
  return new Map(Array.from(root.querySelectorAll("[data-live]"), piece => [piece.dataset.live, piece]));
}

// Show a piece once its pictures have arrived. One that the page has already is not fetched again: its address says
// what it shows.
async function swap(old, fresh) {
  const piece = document.importNode(fresh, true);
  await Promise.all(Array.from(piece.querySelectorAll("img"), arrived));
  old.replaceWith(piece);
}

// A picture is refused when its screen shows something else by now: the next round asks for the new one.
function broken(piece) {
  return Array.from(piece.querySelectorAll("img")).some(image => image.complete && !image.naturalWidth);
}

function differs(old, fresh) {
  return broken(old) || !old.isEqualNode(fresh);
}

function arrived(image) {
  return new Promise(resolve => {
    image.addEventListener("load", resolve, { once: true });
    image.addEventListener("error", resolve, { once: true });
    setTimeout(resolve, LIMIT_MS);
  });
}

async function refresh() {
  const fresh = pieces(await fetchPage());
  const shown = pieces(document);
  if (Array.from(fresh.keys()).join() !== Array.from(shown.keys()).join()) return location.reload();
  const changed = Array.from(fresh.keys()).filter(key => differs(shown.get(key), fresh.get(key)));
  await Promise.all(changed.map(key => swap(shown.get(key), fresh.get(key))));
}

function tell(error) {
  const lost = document.getElementById("lost");
  if (error) {
    document.getElementById("lost-since").textContent = document.querySelector(".now").textContent;
    document.getElementById("lost-why").textContent = error.message;
  }
  lost.hidden = !error;
  document.body.classList.toggle("stale", Boolean(error));
}

async function run() {
  try {
    await refresh();
    tell(null);
  } catch (error) {
    tell(error);
  }
  setTimeout(run, EVERY_MS);
}

setTimeout(run, EVERY_MS);
