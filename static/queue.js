// Events that wait, and the bodies made of them. No timer and no network here.
import { batchSize } from "./settings.js";
import { view } from "./views.js";

const MOST_WAITING = 200; // events; beyond it the oldest go, the newest say what is wrong now
const LARGEST_BODY = 60 * 1024; // bytes; browsers carry 64 KiB past the end of a page
const LARGEST_ENVELOPE = 8 * 1024; // bytes: two addresses and a title

export const bodies = []; // oldest first
let events = []; // as JSON, all of the current view
let bytes = 0;

// What waits becomes a body: for a flush, and before another view begins.
export function pack() {
  if (!events[0]) return;
  bodies.push({ _view: view, _events: events, _failures: 0 });
  events = [];
  bytes = 0;
  while (bodies.flatMap((body) => body._events).length > MOST_WAITING) bodies.shift();
}

export function add(event) {
  // Text from here on: what the page does to its object later is not what happened now.
  const json = JSON.stringify(event);
  const { size } = new Blob([json]);
  if ((bytes += size + 1) > LARGEST_BODY - LARGEST_ENVELOPE) {
    pack(); // one that is too big for any body has its own, which the server refuses
    bytes = size;
  }
  return events.push(json) >= batchSize;
}

// Written anew for each try: the server measures the page's clock by it.
export function write({ _view, _events }) {
  const envelope = {
    sent_at: new Date(),
    view_id: _view._id,
    ..._view._page,
    automated: navigator.webdriver,
    events: [],
  };
  return JSON.stringify(envelope).slice(0, -2) + _events + "]}";
}

export function forget() {
  events = [];
  bodies.length = bytes = 0;
}
