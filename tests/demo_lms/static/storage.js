// LTI platform storage: keeps values for tools, each origin's apart from the others', while this page lives.
const kept = new Map();
const MOST_VALUES = 200;
const LONGEST_VALUE = 4096;

function put(origin, asked) {
  if (typeof asked.key !== "string") {
    return { error: { code: "bad_request", message: "key is missing" } };
  }
  const values = kept.get(origin) ?? new Map();
  kept.set(origin, values);
  if (asked.value === null || asked.value === undefined) {
    values.delete(asked.key);
    return { key: asked.key };
  }
  if (values.size >= MOST_VALUES || String(asked.value).length > LONGEST_VALUE) {
    return { error: { code: "storage_exhaustion", message: "too many values, or too long a value" } };
  }
  values.set(asked.key, asked.value);
  return { key: asked.key, value: asked.value };
}

function get(origin, asked) {
  if (typeof asked.key !== "string") {
    return { error: { code: "bad_request", message: "key is missing" } };
  }
  return { key: asked.key, value: kept.get(origin)?.get(asked.key) ?? null };
}

function capabilities() {
  const frame = window.name ? { frame: window.name } : {};
  return {
    supported_messages: [
      { subject: "lti.capabilities" },
      { subject: "lti.frameResize" },
      { subject: "lti.put_data", ...frame },
      { subject: "lti.get_data", ...frame },
    ],
  };
}

const tasks = { capabilities, put_data: put, get_data: get };
// Brightspace still says the names from before the standard, some know only the new ones, most know both.
const spoken = { both: ["lti.", "org.imsglobal.lti."], new: ["lti."], old: ["org.imsglobal.lti."] };
const prefixes = spoken[document.currentScript.dataset.names];
const answers = Object.fromEntries(
  prefixes.flatMap((prefix) => Object.entries(tasks).map(([name, task]) => [prefix + name, task])),
);

window.addEventListener("message", (event) => {
  const asked = event.data;
  if (!event.source || typeof asked !== "object" || asked === null || !Object.hasOwn(answers, asked.subject)) {
    return;
  }
  const answer = answers[asked.subject](event.origin, asked);
  event.source.postMessage(
    { subject: `${asked.subject}.response`, message_id: asked.message_id, ...answer },
    event.origin,
  );
});
