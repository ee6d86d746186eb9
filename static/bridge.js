// For code that cannot import the module: a DOM event of the hook's name becomes the hook.
// htmx needs nothing else, its HX-Trigger header dispatches such an event.

import { trackedName, trackedParams } from "./events.js";

const NAME = "analytics:track";

export function bridgeDomEvents(hooks) {
  // A page may mirror the hook into the DOM. What is being emitted is not taken in again, or the
  // two would call each other for ever.
  const running = new Set();
  hooks.on(NAME, (payload) => running.add(trackedName(payload)), { priority: Infinity });
  hooks.on(NAME, (payload) => running.delete(trackedName(payload)), { priority: -Infinity });

  function forward({ detail }) {
    const eventName = trackedName(detail);
    if (!eventName || running.has(eventName)) return;
    const timestamp = detail.timestamp ?? Date.now();
    hooks.emit(NAME, { eventName, params: trackedParams(detail), timestamp });
  }

  // Capturing at the window, so an event that does not bubble, or is stopped, arrives as well.
  addEventListener(NAME, forward, true);
}
