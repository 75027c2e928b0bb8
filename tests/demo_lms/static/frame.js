// Listens to the tool in the frame: it may ask for height, and its registration page says when it is done.
const frame = document.querySelector("iframe[data-tool-frame]");

function message(data) {
  if (typeof data !== "string") {
    return data ?? {};
  }
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

window.addEventListener("message", (event) => {
  if (!frame || event.source !== frame.contentWindow) {
    return;
  }
  const asked = message(event.data);
  if (asked.subject === "lti.frameResize" && Number.isFinite(asked.height)) {
    frame.style.height = `${Math.min(Math.max(asked.height, 320), 20000)}px`;
  }
  if (asked.subject === "org.imsglobal.lti.close" && frame.dataset.closesTo) {
    window.location.assign(frame.dataset.closesTo);
  }
});
