// Keeps the element `live` of the page up to date. Without this script the page shows the moment at
// which it was loaded.
(() => {
  const status = document.getElementById("live-status");
  if (!document.getElementById("live") || !window.EventSource) return;

  let paused = false;
  let waiting = null;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.id = "live-pause";
  const said = document.createElement("span");
  status.append(said, " ", button);

  function tell(text) {
    said.textContent = text;
  }

  function name() {
    button.textContent = paused ? "Resume updates" : "Pause updates";
  }

  // Somebody who fills in a form, or has opened one, is not disturbed.
  function isBusy(live) {
    const focused = document.activeElement;
    const typing = live.contains(focused) && focused.matches("input:not([type=checkbox]), select, textarea");
    return typing || live.querySelector("details.act[open]") !== null;
  }

  // What has the focus is found again by what it says.
  function nameOf(element) {
    const own = element.getAttribute("href") || element.getAttribute("aria-label") || element.value;
    return `${element.tagName} ${own || element.textContent}`;
  }

  function refocus(live, wanted) {
    const focusable = live.querySelectorAll("a, button, input, select, summary, video, audio, [tabindex]");
    const found = [...focusable].find((element) => nameOf(element) === wanted);
    if (found) found.focus({ preventScroll: true });
  }

  function show(html) {
    const live = document.getElementById("live");
    if (paused || isBusy(live)) {
      waiting = html;
      return;
    }
    waiting = null;
    const next = new DOMParser().parseFromString(html, "text/html").getElementById("live");
    if (!next) return;
    const selected = new Set([...live.querySelectorAll("input:checked")].map((box) => box.value));
    const opened = [...live.querySelectorAll("details")].map((details) => details.open);
    const playing = [...live.querySelectorAll("video, audio")].some((media) => !media.paused);
    if (playing) return;
    const focused = document.activeElement;
    const wanted = live.contains(focused) ? nameOf(focused) : null;
    live.replaceChildren(...next.childNodes);
    for (const box of live.querySelectorAll("input[type=checkbox]")) {
      if (selected.has(box.value)) box.checked = true;
    }
    live.querySelectorAll("details").forEach((details, at) => {
      if (opened[at]) details.open = true;
    });
    if (wanted !== null) refocus(live, wanted);
  }

  button.addEventListener("click", () => {
    paused = !paused;
    name();
    tell(paused ? "Paused" : "Live");
    if (!paused && waiting) show(waiting);
  });

  const source = new EventSource(location.href);
  source.addEventListener("open", () => tell(paused ? "Paused" : "Live"));
  source.addEventListener("error", () => tell("Reconnecting"));
  source.addEventListener("message", (event) => show(event.data));
  tell("Connecting");
  name();
})();
