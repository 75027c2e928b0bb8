// Sentences to start from: a press puts one where the writer was last. Without this script they are a list to copy from.
//
//   <ul data-starters> with plain text in its <li>, inside the form with the text areas

const list = document.querySelector("[data-starters]");
const form = list?.closest("form");
let last = null; // the text area in which somebody wrote last

/** Put the sentence at the caret, apart from what stands before it, and let the saving script know. */
function insert(sentence) {
  const area = last ?? form.querySelector("textarea[name=next_step]") ?? form.querySelector("textarea");
  const before = area.value.slice(0, area.selectionStart);
  const gap = before === "" || /\s$/.test(before) ? "" : " ";
  area.focus();
  area.setRangeText(gap + sentence, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

if (form) {
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea")) last = event.target;
  });
  for (const item of list.querySelectorAll("li")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button plain";
    button.textContent = item.textContent;
    button.addEventListener("click", () => insert(button.textContent));
    item.replaceChildren(button);
  }
}
