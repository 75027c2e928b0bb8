// Sends a form that only passes something on to the LMS (a deep linking answer). Its button stays for those without scripts.
//
//   <form method="post" action="…" data-auto-submit> … a visible button … </form>

// Who comes back with the Back button must not be thrown forward again.
const cameBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
const form = document.querySelector("form[data-auto-submit]");
if (form && !cameBack) form.requestSubmit();
