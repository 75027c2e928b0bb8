// Goes on with a launch whose browser brought no cookie: by what the LMS's storage kept, or by a press of the button.
// Then the page carries the sign-in (carry.js), unless a cookie is kept here after all.
//
//   [data-arrival] round everything; data-at-once: a button was pressed already, in the frame that opened this window
//   [data-arrival-ways] what can be pressed, [data-arrival-here] the button for going on in this page, [data-arrival-window]
//     the one for another window
//   form[data-arrival-way-back]: the address in the LMS to which a window that we open may hand its answer through us

const page = document.querySelector("[data-arrival]");
const ways = page.querySelector("[data-arrival-ways]");
const form = ways.querySelector("form");
const status = page.querySelector("[data-arrival-status]");
const refused = page.querySelector("[data-arrival-refused]");
const storage = document.querySelector("[data-storage=get]");
const button = page.querySelector("[data-arrival-here] button");
let wentOn = false;

function busy(on) {
  ways.hidden = on;
  status.textContent = on ? page.dataset.opening : "";
}

/** Show the waiting launch's token, and what storage kept; once. */
async function goOn(secret) {
  wentOn = true;
  busy(true);
  const fields = new URLSearchParams(new FormData(form));
  fields.delete("in_window");
  if (secret !== undefined) fields.set("secret", secret);
  let response;
  try {
    response = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
  } catch {
    return say([page.dataset.notLoaded], { again: true });
  }
  const answer = await response.json();
  if (!response.ok) return say([answer.title, answer.sentence]);
  if (!answer.bearer) return window.location.replace(answer.next);
  const { notLoaded, notSaved } = page.dataset;
  document.dispatchEvent(new CustomEvent("bearer-given", { detail: { ...answer, words: { notLoaded, notSaved } } }));
}

function say(sentences, { again = false } = {}) {
  busy(!again);
  status.textContent = "";
  refused.hidden = false;
  refused.querySelectorAll("p").forEach((place, number) => { place.textContent = sentences[number] ?? ""; });
}

/** What was chosen in our window goes to the LMS from here: some take it only from the frame in which they asked. */
function handOver(event) {
  const isOurs = event.origin === window.location.origin && event.data?.subject === "practicum.answer";
  if (!isOurs || typeof event.data.jwt !== "string") return;
  event.source.postMessage({ subject: "practicum.answer.taken" }, event.origin);
  const sent = document.createElement("form");
  sent.method = "post";
  sent.action = form.dataset.arrivalWayBack;
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "JWT", value: event.data.jwt });
  sent.append(field);
  document.body.append(sent);
  sent.submit();
}

if (page.hasAttribute("data-at-once")) {
  goOn();
} else {
  const mark = document.createElement("input");
  Object.assign(mark, { type: "hidden", name: "in_window", value: "yes" });
  form.append(mark); // the window asks for itself whether it keeps cookies; without script it is taken at its word
  button.parentElement.hidden = false;
  page.querySelector("[data-arrival-window]").hidden = window.parent === window; // this is one
  button.addEventListener("click", () => goOn());
  if (form.dataset.arrivalWayBack) window.addEventListener("message", handOver);
  if (storage) {
    busy(true);
    form.addEventListener("submit", () => { wentOn = true; }); // in a window
    storage.addEventListener("storage-answered", ({ detail: kept }) => {
      if (wentOn) return; // a button was pressed before the LMS answered
      if (kept === null) busy(false);
      else goOn(kept);
    });
  }
}
