// Remembers how far down a text somebody is, and brings them back when they ask for it.
//
//   data-place="0–1000" data-place-url="…" on the element round the text
//   data-go-on on a hidden paragraph with a link to #place: shown when there is a place to go back to
//
// Places are paragraphs, not pixels: the frame of an LMS may be as tall as the page and never scroll itself.

const QUIET = 2000;
const text = document.querySelector("[data-place-url]");
const goOn = document.querySelector("[data-go-on]");
const blocks = [...text.querySelectorAll(":scope > :not(.voice), .voice > *")];
const seen = new Set();
let first = null; // the topmost paragraph when the page was opened
let place = Number(text.dataset.place);
let told = place;
let waiting = null;

function tell(keepalive = false) {
  clearTimeout(waiting);
  waiting = null;
  if (place === told) return;
  told = place;
  fetch(text.dataset.placeUrl, {
    method: "POST",
    body: JSON.stringify({ position: place }),
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content ?? "",
    },
    credentials: "same-origin",
    keepalive,
  }).catch(() => { told = null; }); // told again with the next paragraph
}

function read(entries) {
  for (const entry of entries) {
    if (entry.isIntersecting) seen.add(entry.target);
    else seen.delete(entry.target);
  }
  const top = blocks.findIndex((block) => seen.has(block));
  if (top < 0) return;
  first ??= top;
  if (top === first && place === told) return; // opening the page is not reading it: the old place stays
  first = -1;
  place = Math.round((top / blocks.length) * 1000);
  waiting ??= setTimeout(tell, QUIET);
}

function mark() {
  const block = blocks[Math.min(Math.round((place / 1000) * blocks.length), blocks.length - 1)];
  block.id = "place";
  block.tabIndex = -1;
  if (location.hash === "#place") {
    block.scrollIntoView();
    block.focus({ preventScroll: true });
  } else {
    goOn.hidden = false;
  }
}

if (blocks.length) {
  if (place > 0) mark();
  const observer = new IntersectionObserver(read);
  for (const block of blocks) observer.observe(block);
  document.addEventListener("visibilitychange", () => document.hidden && tell(true));
  window.addEventListener("pagehide", () => tell(true));
}
