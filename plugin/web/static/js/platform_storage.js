// Lets the LMS keep a value for a frame that keeps no cookies, and fetches it back (LTI Client Side postMessages).
//
//   data-storage="put" with -target, -origin, -key, -value; then the link [data-storage-onward] is followed, in any case
//   data-storage="get" with -target, -origin, -key; fires "storage-answered" on the element: detail = the value, or null
//     where there is none. On a slow computer an answer may come after null was told: then it fires once more.
//
// Asked under the standard's names and under those from before it. The frame is the one that the login named, or another
// that the LMS names when it is asked for its capabilities. Values go to, and are believed from, one origin only.

const PREFIXES = ["lti.", "org.imsglobal.lti."];
const PATIENCE = { put: 2000, get: 5000 }; // milliseconds: an LMS that offers storage answers at once

const element = document.querySelector("[data-storage]");
const { storage: task, storageTarget: target, storageOrigin: origin, storageKey: key, storageValue: value } = element.dataset;
const around = window.parent === window ? window.opener : window.parent;

/** A frame beside ours by its name; the page around where there is none of that name. */
function frameNamed(name) {
  try {
    return (name && name !== "_parent" && around.frames[name]) || around;
  } catch {
    return around; // of another origin: a name that it has not is an error, not nothing
  }
}

/** Tells the LMS's first answer, and null before it when it lets us wait. */
function ask(tell) {
  const asked = new Map(); // by message_id: the frame that was asked
  const pose = (frame, verb, more, to) => {
    for (const prefix of PREFIXES) {
      const id = crypto.randomUUID();
      asked.set(id, { frame, verb });
      frame.postMessage({ subject: prefix + verb, message_id: id, ...more }, to);
    }
  };
  const values = task === "put" ? { key, value } : { key };
  const poseTask = (frame) => pose(frame, `${task}_data`, values, origin);
  const waits = setTimeout(() => tell(null), PATIENCE[task]);
  let answered = false;
  window.addEventListener("message", (event) => {
    const known = asked.get(event.data?.message_id);
    if (!known || event.source !== known.frame) return;
    if (known.verb === "capabilities") {
      const named = frameFor(event.data.supported_messages);
      if (named && frameNamed(named) !== frameNamed(target)) poseTask(frameNamed(named));
    } else if (event.origin === origin && !event.data.error && !answered) {
      answered = true;
      clearTimeout(waits);
      tell(typeof event.data.value === "string" ? event.data.value : null);
      if (task === "get") known.frame.postMessage({ subject: "lti.put_data", message_id: crypto.randomUUID(), key, value: null }, origin);
    }
  });
  poseTask(frameNamed(target));
  pose(around, "capabilities", {}, "*"); // tells nothing but that we are a tool
}

/** The frame in which an LMS says that it takes this task; nothing where it names none. */
function frameFor(messages) {
  if (!Array.isArray(messages)) return null;
  return messages.find((one) => typeof one?.frame === "string" && String(one.subject).endsWith(`.${task}_data`))?.frame;
}

function tell(kept) {
  if (task === "put") window.location.replace(document.querySelector("[data-storage-onward]").href);
  else element.dispatchEvent(new CustomEvent("storage-answered", { detail: kept }));
}

if (around) ask(tell);
else tell(null);
