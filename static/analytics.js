// The browser half of flask_analytics. Import it, or include its snippet; it leaves no global.
//
//   import { hooks, track, flush } from "/_a/a.js";
//
// What is emitted on the hook `analytics:track` goes to the server, and so do the page views that
// the module sees itself. A part knows the hooks, not the other parts; they are joined here.

import { bridgeDomEvents } from "./bridge.js";
import { customEvent, pageviewEvent, trackedName } from "./events.js";
import { hooks } from "./hooks.js";
import { createQueue } from "./queue.js";
import { readSettings } from "./settings.js";
import { createTransport } from "./transport.js";
import { watchViews } from "./views.js";

export { hooks };

const settings = readSettings(import.meta.url);
const queue = createQueue(settings.batch);
const transport = createTransport(settings.endpoint, queue.nextBody);
let flushTimer = 0;

hooks.on("analytics:track", (payload) => {
  if (trackedName(payload)) record(customEvent(payload));
});
hooks.on("page:view", (payload) => record(pageviewEvent(payload)));
bridgeDomEvents(hooks);
const views = watchViews(hooks, settings.view);

export function track(eventName, params) {
  hooks.emit("analytics:track", { eventName, params, timestamp: Date.now() });
}

export function flush() {
  release(transport.pump);
}

function record(event) {
  if (transport.stopped) return;
  queue.add(views.current, event);
  if (queue.size >= settings.batch) flush();
  else flushTimer ||= setTimeout(flush, settings.flush);
}

function release(send) {
  clearTimeout(flushTimer);
  flushTimer = 0;
  // A prerendered page has no visitor yet: its events wait until it is shown.
  if (document.prerendering) return;
  views.settle();
  queue.release();
  send();
}

// The last moment at which a page surely runs; an unload listener would cost it the page cache.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") release(transport.drain);
});
addEventListener("pagehide", () => release(transport.drain));
