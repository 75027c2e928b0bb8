// Counts the words of a text area while somebody writes. The server counts in the same way: what stands between
// white space and holds a letter or a digit is a word.
//
//   <span data-word-count="id of the textarea" data-one="{count} word" data-other="{count} words">

// The white space of Python's str.split(), which differs a little from JavaScript's \s.
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const language = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

function countWords(text) {
  return text.split(SPACE).filter((word) => LETTER_OR_DIGIT.test(word)).length;
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
