// Counts the words of a text area while somebody writes. The server counts in the same way (content/measures.py): what
// stands between spaces or long dashes is a word, from its first letter or digit on.
//
//   <span data-word-count="id of the textarea" data-one="{count} word" data-other="{count} words">

const WORD = /[\p{L}\p{N}][^\s—]*/gu;
const language = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

function countWords(text) {
  return text.match(WORD)?.length ?? 0;
}

for (const place of document.querySelectorAll("[data-word-count]")) {
  const area = document.getElementById(place.dataset.wordCount);
  const show = () => {
    const count = countWords(area.value);
    const words = place.dataset[plural.select(count)] ?? place.dataset.other;
    place.textContent = words.replace("{count}", number.format(count));
  };
  area.addEventListener("input", show);
  show();
}
