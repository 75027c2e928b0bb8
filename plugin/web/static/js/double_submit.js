// A form is sent once: a second press while it is on its way does nothing. On every page.
//
//   data-busy="Sending…" on the button   its label meanwhile
//   data-may-repeat on the form          leave this one alone

const GIVE_UP = 10000; // an answer that is a download, or a lost network, leaves us on this page
const labels = new WeakMap();

function hold(form, button) {
  form.dataset.onItsWay = "";
  if (!button) return;
  button.setAttribute("aria-disabled", "true"); // not "disabled": that would drop its value and the focus
  if (!button.dataset.busy) return;
  labels.set(button, [...button.childNodes]);
  button.replaceChildren(button.dataset.busy);
}

function release(form) {
  delete form.dataset.onItsWay;
  for (const button of form.querySelectorAll('button[aria-disabled="true"]')) {
    button.removeAttribute("aria-disabled");
    if (labels.has(button)) button.replaceChildren(...labels.get(button));
    labels.delete(button);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || "mayRepeat" in form.dataset) return;
  if ("onItsWay" in form.dataset) {
    event.preventDefault();
    return;
  }
  hold(form, event.submitter);
  setTimeout(() => release(form), GIVE_UP);
});

// Back brings the page as it was left, the held button with it.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-on-its-way]").forEach(release);
});
