// What the module is about: views and what is tracked become events, events become bodies. A part
// that notices something calls `track`; it knows this file, not the other parts.
import { measureDepth, report, startOver, watchEngagement } from "./engagement.js";
import { newId } from "./events.js";
import { hooks, listen } from "./hooks.js";
import { add, forget, pack } from "./queue.js";
import { consent, flushAfter, isOn } from "./settings.js";
import { isStopped, pause, send } from "./transport.js";
import { settle, view, watchViews } from "./views.js";

let flushTimer;
// Whether the page may tell anything. `undefined` while the visitor has not been asked: events wait
// in memory then, a yes sends them and a no forgets them.
let mayTell = consent;

export function track(eventName, params) {
  hooks.emit("analytics:track", { eventName, params, timestamp: Date.now() });
}

function record(event_name, properties, timestamp = Date.now()) {
  if (isStopped || mayTell === false) return;
  const event = {
    type: event_name ? "custom" : "pageview",
    event_name,
    properties,
    timestamp: new Date(timestamp),
    message_id: newId(),
  };
  if (add(event)) flush();
  else flushTimer ||= setTimeout(flush, flushAfter);
}

// What the server says of the page in an inert block, read anew for each view: a navigation inside
// the page may have brought another. A listener of its own: it fails alone where that is no JSON.
let pageData;
function readPageData() {
  pageData = 0;
  pageData = JSON.parse(document.getElementById("analytics-page-data")?.textContent || 0);
}

// An error page's status, where the browser tells it; only the first view has a response of its own.
function errorStatus() {
  const responseStatus = performance.getEntriesByType("navigation")[0].responseStatus;
  return view.isInitialLoad && responseStatus >= 400 ? responseStatus : undefined;
}

let counted; // the view that was
function countView() {
  if (!isOn("views")) return;
  const more = FULL && { status: errorStatus(), ...pageData };
  record(undefined, { title: view.title, ...more }, view.timestamp);
  counted = view;
}

// With an argument it is the page's last: see `send`.
export function flush(isLast) {
  flushTimer = clearTimeout(flushTimer);
  if (isLast || !pause) pack();
  // A prerendered page has no visitor yet: its events wait until it is shown.
  if (mayTell && !document.prerendering) send(isLast);
}

export function setConsent(answer) {
  settle();
  const wasDenied = mayTell === false;
  mayTell = !!answer;
  if (!mayTell) forget();
  else if (wasDenied && view.url) countView(); // a prerendered page has none before it is shown
  flush();
}

function reportEngagement() {
  if (isOn("engagement")) report(track);
}

// The last moment at which a page surely runs; an unload listener would cost it the page cache.
function onLeave() {
  settle();
  // Firefox cuts off what runs while a tab closes, such as this very function when the page became
  // hidden; it runs again at the end of the page.
  if (counted != view) countView();
  reportEngagement();
  flush(true);
}

function start() {
  watchEngagement();
  watchViews(() => {
    reportEngagement();
    startOver();
    pack();
  });
  addEventListener("visibilitychange", () => document.hidden && onLeave());
  addEventListener("pagehide", onLeave);
}

// Two spellings are common, so both are understood.
listen("analytics:track", (payload) => {
  const { name, properties, eventName = name, params = properties, timestamp } = payload || {};
  if (eventName) record(eventName, { ...params }, timestamp);
});
if (FULL) listen("page:view", readPageData);
listen("page:view", countView);
listen("page:view", measureDepth);
if (document.prerendering) document.addEventListener("prerenderingchange", start);
else start();

export { hooks };
