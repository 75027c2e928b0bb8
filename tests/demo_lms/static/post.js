// Sends the page's form at once; the button stays for whoever has no script.
const form = document.querySelector("form[data-auto-submit]");
if (form) {
  form.submit();
}
