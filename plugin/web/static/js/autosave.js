// Saves a form while somebody writes in it, at most five seconds after a change.
//
//   <form method="post" action="…" data-autosave-url="…"> with a hidden field "version" and one save_line() (parts/writing.html)
//
// Sends   POST JSON {every field of the form, version}, header X-CSRFToken.
// Answers 200 {version, saved_at_text}                        stored
//         409 {version, text…, saved_at_text, conflict_url}   somebody stored a newer text: stop, offer both side by side
//         401, 403, 419, a redirect or a page of HTML         the sign-in ended: keep the words, offer to try again
//         other 4xx {sentence}                                refused for a reason we show
//         5xx, 429, no answer                                 try again, waiting longer each time
// Any refusal that carries {csrf_token} is asked once more with that token: a new sign-in in another tab made ours stale.
//
// Nothing is kept in the browser's storage: computers in schools are shared.

const QUIET = 1500;
const LONGEST = 5000;
const NO_ANSWER = 20000;
const WAITS = [2000, 4000, 8000, 15000, 30000];
const KEEPALIVE_BYTES = 60000; // browsers refuse a larger body when the page is going away
const NEVER_SENT = new Set(["csrf_token", "version", "step"]);

class Autosave {
  constructor(form) {
    this.form = form;
    this.line = form.querySelector(".save-line");
    this.versionField = form.elements.namedItem("version");
    this.stored = this.snapshot({ asSent: isNewHere() }); // words may stand there already, typed before this script came
    this.unanswered = []; // sent, but we never heard whether it arrived
    this.sending = null;
    this.sent = null; // what the request on its way carries
    this.attempts = 0;
    this.trouble = null; // null, "offline", "failed", "conflict", "signed-out", "refused"
    this.wasTroubled = false; // until the next success, which is then said aloud
    this.leaving = false;
    this.storing = false; // a button was pressed and waits until its words are stored
    this.isStored = false; // they are: let it through
    this.warned = false;
    this.spokeAt = 0;
    this.savedWords = this.part("words").textContent;
  }

  start() {
    this.form.querySelector("[data-autosave-without-script]")?.remove();
    this.part("words").setAttribute("aria-hidden", "true");
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("focusout", () => this.save());
    this.form.addEventListener("submit", (event) => this.submitting(event), { capture: true });
    for (const box of ["signed-out", "refused"]) {
      this.part(box).querySelector("button").addEventListener("click", () => this.tryAgain());
    }
    document.addEventListener("visibilitychange", () => document.hidden && this.save({ closing: true }));
    window.addEventListener("pagehide", () => this.save({ closing: true }));
    window.addEventListener("pageshow", (event) => event.persisted && this.cameBack());
    window.addEventListener("online", () => this.trouble === "offline" && this.tryAgain());
    window.addEventListener("beforeunload", (event) => this.guard(event));
    if (this.isDirty()) this.changed();
  }

  part(name) {
    return this.form.querySelector(`[data-autosave-${name}]`);
  }

  // ---- what is on the page ---------------------------------------------------------------------------------

  /**
   * The fields as text that can be compared: {name: value}, a list where several boxes share a name.
   * `asSent`: as the page came from the server.
   */
  snapshot({ asSent = false } = {}) {
    const fields = {};
    for (const control of this.form.elements) {
      const { name, type } = control;
      if (!name || control.disabled || NEVER_SENT.has(name) || ["submit", "button", "reset", "file"].includes(type)) continue;
      if (control.hasAttribute("data-autosave-skip")) continue;
      const checked = asSent ? control.defaultChecked : control.checked;
      const many = type === "checkbox" && this.form.querySelectorAll(`[type=checkbox][name="${CSS.escape(name)}"]`).length > 1;
      if (many) (fields[name] ??= []).push(...(checked ? [control.value] : []));
      else if (type === "radio" || type === "checkbox") fields[name] = checked ? control.value : (fields[name] ?? null);
      else fields[name] = asSent ? sentValue(control) : control.value;
    }
    return JSON.stringify(fields);
  }

  isDirty() {
    return this.snapshot() !== this.stored;
  }

  get version() {
    const text = this.versionField.value;
    return /^\d+$/.test(text) ? Number(text) : text;
  }

  get token() {
    return (this.form.elements.namedItem("csrf_token") ?? {}).value
      ?? document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  }

  adoptToken(token) {
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = token;
    const meta = document.querySelector('meta[name="csrf-token"]');
    if (meta) meta.content = token;
  }

  // ---- when to save ----------------------------------------------------------------------------------------

  changed() {
    if (!this.isDirty() && !this.sending) {
      if (!this.trouble) this.forget();
      return;
    }
    if (this.trouble === "refused") this.clearTrouble();
    if (this.trouble) return; // a retry is planned, or somebody has to decide first
    this.say(this.line.dataset.saving, { aloud: false });
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.save(), QUIET);
    this.longest ??= setTimeout(() => this.save(), LONGEST);
  }

  forget() {
    clearTimeout(this.quiet);
    clearTimeout(this.longest);
    this.longest = null;
    this.say(this.savedWords, { aloud: false });
  }

  /** Send what is new. One request at a time: what is typed meanwhile goes with the next. */
  save({ closing = false } = {}) {
    if (this.leaving || !this.isDirty()) return this.sending;
    if (this.trouble && !(closing && this.trouble === "offline")) return this.sending;
    if (this.sending && !(closing && this.sent !== this.snapshot())) return this.sending;
    clearTimeout(this.quiet);
    clearTimeout(this.longest);
    this.longest = null;
    const attempt = this.send(closing).finally(() => {
      if (this.sending !== attempt) return;
      this.sending = null;
      if (this.isDirty()) this.changed();
    });
    this.sending = attempt;
    return attempt;
  }

  async send(closing, { again = false } = {}) {
    const snapshot = this.snapshot();
    const body = JSON.stringify({ ...JSON.parse(snapshot), version: this.version });
    this.sent = snapshot;
    this.unanswered.push(snapshot);
    let response;
    let answer;
    try {
      response = await fetch(this.form.dataset.autosaveUrl, {
        method: "POST",
        body,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.token },
        credentials: "same-origin",
        redirect: "manual", // a redirect leads to some sign-in, perhaps on another host
        keepalive: closing && fitsKeepalive(body),
        signal: closing ? undefined : AbortSignal.timeout(NO_ANSWER),
      });
      answer = await readJson(response);
    } catch {
      return this.failed("offline");
    }
    if (!response.ok && answer?.csrf_token && !again) {
      this.adoptToken(answer.csrf_token);
      this.unanswered.pop();
      return this.send(closing, { again: true });
    }
    return this.answered(response, answer, snapshot);
  }

  // ---- what came back --------------------------------------------------------------------------------------

  answered(response, answer, snapshot) {
    const { status } = response;
    if (response.ok && answer) return this.saved(answer, snapshot);
    if (status === 409 && answer) return this.isOurOwn(answer) ? this.caughtUp(answer) : this.conflict(answer);
    if ([401, 403, 419].includes(status) || response.ok || response.type === "opaqueredirect") return this.stop("signed-out");
    if (status >= 500 || status === 429) return this.failed("failed", Number(response.headers.get("Retry-After")) * 1000);
    return this.refused(answer);
  }

  saved(answer, snapshot) {
    this.versionField.value = answer.version;
    this.stored = snapshot;
    this.unanswered = [];
    this.attempts = 0;
    this.warned = false;
    const afterTrouble = this.wasTroubled;
    this.wasTroubled = false;
    this.clearTrouble();
    this.savedWords = this.line.dataset.saved.replace("{time}", answer.saved_at_text);
    this.form.dispatchEvent(new CustomEvent("autosaved", { bubbles: true, detail: answer }));
    // Heard at most once a minute while all is well, at once after trouble.
    this.say(this.savedWords, { aloud: afterTrouble || Date.now() - this.spokeAt > 60000 });
  }

  /** The newer text on the server is one that we sent and whose answer was lost, or overtaken, on the way. */
  isOurOwn(answer) {
    return [this.stored, ...this.unanswered].some((snapshot) =>
      Object.entries(JSON.parse(snapshot)).every(([name, value]) => sameWords(value, answer[name])));
  }

  caughtUp(answer) {
    this.versionField.value = answer.version;
    this.unanswered = [];
    return this.isDirty() ? this.send(false) : undefined;
  }

  conflict(answer) {
    const box = this.part("conflict");
    const time = this.part("conflict-time");
    time.textContent = answer.saved_at_text ? time.dataset.words.replace("{time}", answer.saved_at_text) : "";
    box.querySelector("button").formAction = answer.conflict_url;
    this.stop("conflict");
  }

  refused(answer) {
    if (answer?.sentence) this.part("reason").textContent = answer.sentence;
    this.stop("refused");
  }

  /** Somebody has to act before it makes sense to send again. */
  stop(trouble) {
    this.trouble = trouble;
    this.wasTroubled = true;
    clearTimeout(this.retry);
    this.forget();
    const box = this.part(trouble); // stands in a region with role=status: read out when it appears
    this.say(this.line.dataset.stopped, { aloud: !box.hidden, troubled: true });
    box.hidden = false;
  }

  failed(trouble, askedFor) {
    const wait = WAITS[Math.min(this.attempts, WAITS.length - 1)];
    this.attempts += 1;
    this.trouble = trouble;
    this.wasTroubled = true;
    this.say(this.line.dataset.retrying, { aloud: this.attempts === 1, troubled: true });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.tryAgain(), Math.min(Math.max(wait, askedFor || 0), 60000));
  }

  tryAgain() {
    clearTimeout(this.retry);
    this.trouble = null;
    if (!this.isDirty()) this.forget();
    return Promise.resolve(this.save()).then(() => this.showBoxes());
  }

  clearTrouble() {
    this.trouble = null;
    clearTimeout(this.retry);
    this.showBoxes();
  }

  showBoxes() {
    for (const box of ["conflict", "signed-out", "refused"]) this.part(box).hidden = box !== this.trouble;
  }

  // ---- leaving ---------------------------------------------------------------------------------------------

  /** A button of the form was pressed: store first, so that the page that comes next knows the newest version. */
  submitting(event) {
    const comparing = event.submitter && event.submitter === this.part("conflict").querySelector("button");
    if (this.isStored || this.warned || comparing || this.nothingToStore()) {
      this.leaving = true;
      setTimeout(() => { this.leaving = !event.defaultPrevented; }); // another script may have asked a question first
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!this.storing) this.storeThenSubmit(event.submitter);
  }

  nothingToStore() {
    return !this.trouble && !this.sending && !this.isDirty();
  }

  async storeThenSubmit(submitter) {
    this.storing = true;
    if (this.sending) await this.sending;
    if (this.trouble !== "conflict" && this.isDirty()) await this.tryAgain();
    this.storing = false;
    if (["conflict", "signed-out", "offline"].includes(this.trouble)) {
      this.warned = true; // it is said on the page; who presses again means it
      (this.part(this.trouble)?.querySelector("button") ?? submitter)?.focus();
      return;
    }
    this.isStored = true;
    this.form.requestSubmit(submitter); // comes back to submitting() at once, unless the browser finds a field wanting
    this.isStored = false;
  }

  /** Asked only when the last words could not be handed over by the request that pagehide sends. */
  guard(event) {
    if (this.leaving || !this.isDirty()) return;
    const underway = this.sending && this.sent !== this.snapshot();
    if (this.trouble || underway || !fitsKeepalive(this.snapshot())) event.preventDefault();
  }

  cameBack() {
    this.leaving = false;
    this.warned = false;
    this.sending = null;
    if (this.isDirty()) this.changed();
  }

  // ---- what is said ----------------------------------------------------------------------------------------

  say(words, { aloud, troubled = false }) {
    const seen = this.part("words");
    if (seen.textContent !== words) seen.textContent = words;
    seen.classList.toggle("troubled", troubled);
    if (!aloud) return;
    this.spokeAt = Date.now();
    this.part("status").textContent = words;
  }
}

/** False after a reload or on the way back: what the browser then puts into the fields may be older than the page. */
function isNewHere() {
  return !["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
}

function sentValue(control) {
  if (!control.options) return control.defaultValue;
  const sent = [...control.options].find((option) => option.defaultSelected) ?? control.options[0];
  return sent?.value ?? "";
}

function fitsKeepalive(body) {
  return new Blob([body]).size < KEEPALIVE_BYTES;
}

/** The answer as an object; null when it is not JSON, as a sign-in page is not. Throws when it was cut off on the way. */
function readJson(response) {
  return (response.headers.get("Content-Type") ?? "").includes("json") ? response.json() : null;
}

/** Equal but for the line ends, which differ between browsers and databases. */
function sameWords(left, right) {
  const plain = (value) => (typeof value === "string" ? value.replace(/\r\n?/g, "\n") : JSON.stringify(value));
  return plain(left) === plain(right);
}

for (const form of document.querySelectorAll("form[data-autosave-url]")) new Autosave(form).start();
