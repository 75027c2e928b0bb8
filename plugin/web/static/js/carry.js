// Carries a sign-in in this page's memory, where the browser keeps no cookie: nowhere else, and never in an address.
//
//   "bearer-given" on the document, detail {bearer, person, next, words {notLoaded, notSaved}}: begins, and opens `next`
//
// From then on links and forms of ours are fetched with the bearer and written in place of the document, so that every
// page and its scripts are as they would be had the browser gone there: document.open() ends the last page's listeners,
// scripts run anew, Back works, and a screen reader is told where it is. fetch() sends the bearer too: autosave needs
// not know. The bearer is renewed while it is used, and ends with the page.
//
// Tabs of the same person help each other out with a bearer, and end when somebody else came in beside them.

const ONWARD = "X-Practicum-Onward"; // where a redirect leads
const NOTES = "X-Practicum-Notes"; // what the next page is to say; sealed by the server
const RENEWED_EVERY = 10 * 60 * 1000;
const NEIGHBOURS_ANSWER = 500;
const STORING_TAKES = 5000;
const MOST_HOPS = 10;

const askNetwork = window.fetch.bind(window);
const neighbours = "BroadcastChannel" in window ? new BroadcastChannel("practicum.carry") : null;
const underway = new Set(); // answers that scripts of the page still wait for
let bearer = null;
let person = null;
let words = {};
let notes = "";
let renewedAt = 0;
let shown = ""; // path and query of the page that is shown
let written = 0; // pages so far: their scripts have to look new to run again
let turn = 0; // the newest navigation wins
let mayLeave = false; // it was said that something is not saved; who presses again means it

// ---- asking ------------------------------------------------------------------------------------------------

async function send(address, options) {
  if (bearer === null) return askNetwork(address, options);
  const headers = new Headers(options.headers);
  headers.set("Authorization", `Bearer ${bearer}`);
  headers.set(NOTES, notes);
  const response = await askNetwork(address, { ...options, headers });
  notes = response.headers.get(NOTES) ?? notes;
  return response;
}

/** fetch() as the page's scripts know it. */
async function carried(input, options = {}) {
  const address = new URL(input, document.baseURI);
  if (address.origin !== window.location.origin) return askNetwork(input, options);
  let response = await send(address, options);
  if (response.status === 401 && (await borrow())) response = await send(address, options);
  if (response.status !== 401) renew();
  return response;
}

function tracked(...asked) {
  const answer = carried(...asked);
  const told = answer.then((response) => response.clone().text()).catch(() => null);
  underway.add(told);
  told.then(() => underway.delete(told));
  return answer;
}

function renew() {
  if (bearer === null || Date.now() - renewedAt < RENEWED_EVERY) return;
  renewedAt = Date.now();
  send("/lti/renew", { method: "POST" }).catch(() => { renewedAt = 0; });
}

function after(milliseconds) {
  return new Promise((done) => { setTimeout(done, milliseconds); });
}

/** Tell the server that this page goes: soon the bearer ends. What other scripts still send has a minute. */
function sayGoodbye() {
  if (bearer !== null) send("/lti/leave", { method: "POST", keepalive: true }).catch(() => null);
}

// ---- the tabs beside this one ------------------------------------------------------------------------------

/** A bearer of the same person from a tab in which they came in later; true when one was given. */
function borrow() {
  const ended = bearer;
  bearer = null;
  if (!neighbours || person === null) return false;
  return new Promise((answered) => {
    const listen = ({ data }) => {
      if (data.gives === undefined || data.person !== person || data.gives === ended) return;
      bearer = data.gives;
      answered(true);
    };
    neighbours.addEventListener("message", listen);
    neighbours.postMessage({ wants: true, person });
    setTimeout(() => {
      neighbours.removeEventListener("message", listen);
      answered(bearer !== null);
    }, NEIGHBOURS_ANSWER);
  });
}

neighbours?.addEventListener("message", ({ data }) => {
  if (person === null) return;
  if (data.wants && data.person === person && bearer !== null) neighbours.postMessage({ gives: bearer, person });
  if (data.arrived && data.person !== person) makeRoom();
});

/** Somebody else sits here now: what is not stored yet is, then nothing of this person is shown. */
async function makeRoom() {
  await leave();
  sayGoodbye();
  bearer = person = null;
  await load(window.location.href, { how: "none" });
}

// ---- pages -------------------------------------------------------------------------------------------------

/** Fetch a page and write it in place of this one. `how` as in the history: push, replace, none. */
async function load(address, { method = "GET", body, how = "push", scroll = 0 } = {}) {
  const mine = ++turn;
  document.documentElement.setAttribute("aria-busy", "true");
  try {
    let at = new URL(address, document.baseURI);
    let response = await carried(at, { method, body, headers: { Accept: "text/html" } });
    for (let hops = 0; response.headers.has(ONWARD) && hops < MOST_HOPS; hops += 1) {
      at = new URL(response.headers.get(ONWARD), at);
      if (at.origin !== window.location.origin) return window.location.assign(at);
      response = await carried(at, { headers: { Accept: "text/html" } });
    }
    const content = await response.blob();
    if (mine !== turn) return undefined;
    if (isPage(response)) return show(await content.text(), at, how, scroll);
    keep(content, response);
  } catch {
    if (mine === turn) say(words.notLoaded);
  }
  document.documentElement.removeAttribute("aria-busy");
  return undefined;
}

function isPage(response) {
  const attached = (response.headers.get("Content-Disposition") ?? "").startsWith("attachment");
  return !attached && (response.headers.get("Content-Type") ?? "").startsWith("text/html");
}

/** A file, as the browser would have kept it. */
function keep(content, response) {
  const name = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name ? name[1] : "";
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function show(html, at, how, scroll) {
  const path = at.pathname + at.search;
  if (how === "push" && path !== shown) {
    window.history.replaceState({ scroll: window.scrollY }, "");
    window.history.pushState(null, "", path + at.hash);
  } else if (how !== "none") {
    window.history.replaceState(null, "", path + at.hash);
  }
  shown = path;
  mayLeave = false;
  written += 1;
  document.open();
  document.write(html.replace(/(<script type="module" src="[^"#]+)"/g, `$1#${written}"`));
  document.close();
  listen();
  settle(at.hash, scroll);
}

/** Where the reader is now: at the top as on any new page, or where the address points. */
function settle(hash, scroll) {
  const place = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (place) {
    if (place.tabIndex < 0) place.tabIndex = -1;
    place.scrollIntoView();
    place.focus({ preventScroll: true });
  } else {
    window.scrollTo(0, scroll);
    if (scroll) window.addEventListener("load", () => window.scrollTo(0, scroll), { once: true });
  }
  const aloud = document.createElement("p");
  aloud.className = "hidden-words";
  aloud.setAttribute("role", "status");
  document.body.append(aloud);
  // a region speaks of what changes in it once it is there
  requestAnimationFrame(() => requestAnimationFrame(() => { aloud.textContent = document.title; }));
}

function say(sentence) {
  document.querySelector("[data-carry-notice]")?.remove();
  const notice = document.createElement("p");
  notice.className = "notice notice-needs_you";
  notice.setAttribute("role", "alert");
  notice.dataset.carryNotice = "";
  document.querySelector("main").prepend(notice);
  notice.textContent = sentence;
  notice.scrollIntoView({ block: "nearest" });
}

/** Let the page's scripts store what they hold, as when a browser leaves; false when something could not be. */
async function leave() {
  window.dispatchEvent(new Event("pagehide"));
  await Promise.race([Promise.all(underway), after(STORING_TAKES)]);
  await after(0); // they have read their answers now
  const free = window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  if (free || mayLeave) return true;
  mayLeave = true;
  say(words.notSaved);
  return false;
}

async function go(address, options) {
  if (await leave()) await load(address, options);
}

// ---- what people do ----------------------------------------------------------------------------------------

function clicked(event) {
  const link = event.target.closest?.("a[href]");
  const asElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0;
  if (!link || link.hasAttribute("download") || event.defaultPrevented || asElsewhere) return;
  const at = new URL(link.href);
  if (at.origin !== window.location.origin || at.pathname.startsWith("/static/")) return;
  if (at.hash && at.pathname + at.search === shown) return; // a place on this page
  event.preventDefault();
  go(at);
}

function submitted(event) {
  const { target: form, submitter } = event;
  if (event.defaultPrevented) return;
  const at = new URL(submitter?.getAttribute("formaction") || form.getAttribute("action") || window.location.href, document.baseURI);
  if (at.origin !== window.location.origin) return; // the LMS's
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  if (submitter?.name) fields.append(submitter.name, submitter.value);
  at.hash = "";
  if (form.getAttribute("method")?.toLowerCase() === "post") {
    load(at, { method: "POST", body: fields });
  } else {
    at.search = fields;
    go(at);
  }
}

async function wentBack(event) {
  const { pathname, search, hash } = window.location;
  if (pathname + search === shown) return; // a place on this page
  if (await leave()) load(pathname + search + hash, { how: "none", scroll: event.state?.scroll ?? 0 });
  else window.history.pushState(null, "", shown);
}

/** document.open() ended the last page's listeners, ours too. */
function listen() {
  window.addEventListener("click", clicked);
  window.addEventListener("submit", submitted);
  window.addEventListener("popstate", wentBack);
  window.addEventListener("pagehide", (event) => event.isTrusted && sayGoodbye());
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
}

document.addEventListener("bearer-given", ({ detail }) => {
  ({ bearer, person, words } = detail);
  renewedAt = Date.now();
  neighbours?.postMessage({ arrived: true, person });
  window.fetch = tracked;
  load(detail.next, { how: "replace" });
}, { once: true });
