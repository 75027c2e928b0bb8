// Sends a form that only passes something on to the LMS (a deep linking answer). Its button stays for those without scripts.
//
//   <form method="post" action="…" data-auto-submit> … the field JWT, a visible button … </form>
//   [data-handed-over] hidden words, shown in its place when the frame that opened this window sends it instead
//
// Some LMSs take the answer only from the frame in which they asked, and that frame waits (arrival.js).

const ANSWERS_WITHIN = 2000; // milliseconds

// Who comes back with the Back button must not be thrown forward again.
const cameBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
const form = document.querySelector("form[data-auto-submit]");

/** The frame of ours that opened this window, if one did. */
function ourOpener() {
  try {
    return window.parent === window && window.opener?.location.origin === window.location.origin ? window.opener : null;
  } catch {
    return null; // the LMS opened it
  }
}

function handOver(opener) {
  return new Promise((taken) => {
    window.addEventListener("message", (event) => {
      if (event.source === opener && event.data?.subject === "practicum.answer.taken") taken(true);
    });
    setTimeout(() => taken(false), ANSWERS_WITHIN);
    opener.postMessage({ subject: "practicum.answer", jwt: form.elements.JWT.value }, window.location.origin);
  });
}

function close() {
  const words = document.querySelector("[data-handed-over]");
  form.hidden = true;
  words.hidden = false;
  words.tabIndex = -1;
  words.focus();
  window.close(); // a script opened it, or it stays with its words
}

if (form && !cameBack) {
  const opener = ourOpener();
  if (opener && (await handOver(opener))) close();
  else form.requestSubmit();
}
