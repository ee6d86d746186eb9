// Everything works without this. It adds the viewer's zone, keys, charts by keyboard, and a sign
// that a slow page is on its way.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// -- the viewer's zone, once

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const home = document.querySelector(".brand");
const known = new URLSearchParams(location.search).has("tz") || !home;
if (!known && here && document.body.dataset.zone !== here && navigator.cookieEnabled) {
  const kept = `analytics_zone=${here}`;
  if (!document.cookie.includes(kept)) {
    document.cookie = `${kept}; path=${home.pathname}; max-age=31536000; samesite=lax`;
    if (document.cookie.includes(kept)) location.reload();
  }
}

// -- a phone shows a part of the menu: the one with this page

document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// -- keys

let isGoing = false;

const press = (key) => {
  const target = all(`[data-key="${CSS.escape(key)}"]`).find((one) => !one.closest("nav"));
  if (!target) return false;
  target.focus();
  target.click();
  const details = target.parentElement;
  if (target.matches("summary") && details.open) details.querySelector("input:not([type=hidden])")?.focus();
  return true;
};

const help = document.getElementById("help");
const button = document.querySelector("[data-help]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
  if (event.key === "Escape") {
    for (const one of all("details.menu[open]")) {
      one.open = false;
      one.querySelector("summary").focus();
    }
    return;
  }
  if (event.target.matches("input, select, textarea")) return;
  const isDone = isGoing
    ? all(`nav [data-key="${CSS.escape(event.key)}"]`).some((one) => one.click() || true)
    : event.key === "?" && help
      ? help.showModal() || true
      : press(event.key);
  isGoing = !isGoing && event.key === "g";
  if (isDone) event.preventDefault();
});

addEventListener("click", (event) => {
  for (const one of all("details.menu[open]")) if (!one.contains(event.target)) one.open = false;
});

// -- charts: arrows go from place to place, and what is there is said

for (const chart of all("svg.fa-chart")) {
  const places = all(".fa-at", chart);
  if (!places.length) continue;
  const voice = document.createElement("p");
  voice.className = "said";
  voice.setAttribute("role", "status");
  chart.after(voice);
  let at = -1;
  const go = (next) => {
    places[at]?.classList.remove("on");
    at = Math.max(0, Math.min(places.length - 1, next));
    places[at].classList.add("on");
    voice.textContent = places[at].textContent;
  };
  chart.tabIndex = 0;
  chart.addEventListener("keydown", (event) => {
    const last = places.length - 1;
    const next = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    go(next);
  });
  chart.addEventListener("blur", () => places[at]?.classList.remove("on"));
}

// -- a slow page

const main = document.getElementById("main");
const wait = (event) => {
  const link = event.target.closest?.("a[href]");
  const leaves = event.type === "submit" || (link && link.origin === location.origin && !link.hash);
  if (!leaves || event.defaultPrevented || link?.hasAttribute("download") || link?.target) return;
  if (!event.ctrlKey && !event.metaKey && !event.shiftKey && main) main.setAttribute("aria-busy", "true");
};
addEventListener("click", wait);
addEventListener("submit", wait);
addEventListener("pageshow", () => main?.removeAttribute("aria-busy"));

// -- live: a stream where the server offers one, else a question every few seconds

const live = document.getElementById("live");
if (live) {
  const pulse = document.getElementById("pulse");
  const pause = document.getElementById("pause");
  const most = 200;
  let isPaused = false;
  let timer = 0;
  const put = (html) => {
    const parsed = new DOMParser().parseFromString(`<table><tbody>${html}</tbody></table>`, "text/html");
    const known = new Set(all("tr", live).map((row) => row.dataset.id));
    const fresh = all("tr", parsed).filter((row) => !known.has(row.dataset.id));
    live.prepend(...fresh);
    while (live.rows.length > most) live.lastElementChild.remove();
    if (fresh.length) document.querySelector(".panel .empty")?.remove();
  };
  const say = (text) => { if (pulse.textContent !== text) pulse.textContent = text; };
  const ask = async () => {
    clearTimeout(timer);
    if (!isPaused && !document.hidden) {
      try {
        const answer = await fetch(live.dataset.rows, { headers: { Accept: "text/html" } });
        if (!answer.ok) throw new Error();
        const html = await answer.text();
        if (!isPaused) put(html);
        say("Looking every few seconds.");
      } catch {
        say("The application does not answer. Trying again.");
      }
    }
    timer = setTimeout(ask, live.dataset.pause * 1000);
  };
  let source;
  const listen = () => {
    source = new EventSource(live.dataset.stream);
    source.onopen = () => say("Live.");
    source.onmessage = (event) => put(event.data);
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      source = undefined;
      ask();
    };
  };
  const begin = () => (live.dataset.stream ? listen() : ask());
  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", isPaused);
    pause.textContent = isPaused ? "Go on" : "Pause";
    say(isPaused ? "Paused." : "Going on.");
    clearTimeout(timer);
    source?.close();
    source = undefined;
    if (!isPaused) begin();
  });
  addEventListener("pagehide", () => source?.close());
  begin();
}
