// Hands the window back to the LMS at the end of a registration: it may take the frame away. If it does not, the words
// that are on the page say what to do, and the button closes a window of our own.
//
//   data-close-frame on the element with those words; a button inside it may be hidden until we know that it works

const host = window.opener ?? (window.parent === window ? null : window.parent);
const words = document.querySelector("[data-close-frame]");
const button = words?.querySelector("button");

// Any origin: the message says only "finished", and a platform's admin page may have another origin than its issuer.
host?.postMessage({ subject: "org.imsglobal.lti.close" }, "*");

if (button && window.opener) {
  button.hidden = false;
  button.addEventListener("click", () => window.close());
}
if (words) {
  words.hidden = false;
  words.tabIndex = -1;
  words.focus();
}
