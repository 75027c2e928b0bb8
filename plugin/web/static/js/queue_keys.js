// Keys for a queue: j and k move between rows, Enter opens (the row's own link does that), ? shows the help.
//
//   data-queue-keys on the table, data-queue-row on its rows, data-queue-open on the link of a row
//   data-key="c" on a button or link: that key presses it, in the current row first, then anywhere on the page.
//     On a page without rows j and k are such keys too, say of "next text" and "previous text".
//   key_help() of parts/keys.html: the help, and the box that turns all of this off for this browser.

const STORE = "practicum.keys"; // "off" or nothing; says nothing about anybody

function readSetting() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true; // storage is closed to frames in some browsers: the box then holds for this page
  }
}

function writeSetting(on) {
  try {
    if (on) localStorage.removeItem(STORE);
    else localStorage.setItem(STORE, "off");
  } catch {
    // As above.
  }
}

const help = document.querySelector("[data-key-help]");
const box = help?.querySelector("[data-keys-on]");
const rows = () => [...document.querySelectorAll("[data-queue-row]")];
const currentRow = () => document.activeElement?.closest("[data-queue-row]");
let on = readSetting();

function isTyping(target) {
  return target.isContentEditable || target.matches("select, textarea, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
}

function move(step) {
  const all = rows();
  const at = all.indexOf(currentRow());
  const first = step > 0 ? 0 : all.length - 1;
  const next = all[at < 0 ? first : Math.min(Math.max(at + step, 0), all.length - 1)];
  (next.querySelector("[data-queue-open]") ?? next.querySelector("a, button"))?.focus();
}

function press(key) {
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const target = currentRow()?.querySelector(wanted) ?? document.querySelector(wanted);
  target?.click();
  return Boolean(target);
}

function toggleHelp() {
  help.open = !help.open;
  help.querySelector("summary").focus();
}

/** Do what the key stands for; false when it stands for nothing here. */
function handle(key) {
  if (key === "?" && help) {
    toggleHelp();
    return true;
  }
  if (!on || !/^[a-z]$/.test(key)) return false;
  if ((key === "j" || key === "k") && rows().length) {
    move(key === "j" ? 1 : -1);
    return true;
  }
  return press(key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
  if (event.key === "Escape" && help?.open && help.contains(event.target)) toggleHelp();
  else if (handle(event.key)) event.preventDefault();
});

if (help) help.hidden = false;
if (box) {
  box.checked = on;
  box.addEventListener("change", () => {
    on = box.checked;
    writeSetting(on);
  });
}
