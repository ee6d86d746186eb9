// Events that wait, and the bodies made of them. No timer and no network here.
import { batchSize } from "./settings.js";
import { settle, view } from "./views.js";

const MOST_WAITING = 200; // events; beyond it the oldest go, the newest say what is wrong now
const LARGEST_BODY = 60 * 1024; // bytes; browsers carry 64 KiB past the end of a page
const LARGEST_ENVELOPE = 8 * 1024; // bytes: two addresses and a title

export const bodies = []; // oldest first
let events = []; // as JSON, all of the current view
let bytes = 0;

// What waits becomes a body, with its view: for a flush, and before another view begins.
export function pack() {
  settle();
  if (!bytes) return;
  const count = bodies.push({ _view: view, _events: events, _failures: 0 });
  if (count > MOST_WAITING / batchSize) bodies.shift();
  events = [];
  bytes = 0;
}

export function add(event) {
  // Text from here on: what the page does to its object later is not what happened now.
  const json = JSON.stringify(event);
  const { size } = new Blob([json]);
  // One that is too big for any body has its own, which the server refuses.
  if (bytes + size > LARGEST_BODY - LARGEST_ENVELOPE) pack();
  bytes += size + 1;
  const isFull = events.push(json) >= batchSize;
  if (isFull) pack();
  return isFull;
}

// Written anew for each try: the server measures the page's clock by it.
export function write({ _view, _events }) {
  const envelope = {
    sent_at: new Date(),
    automated: navigator.webdriver,
    ...(FULL ? Object.freeze(_view) : _view), // what is told of it stays so
    events: [],
  };
  return JSON.stringify(envelope).slice(0, -2) + _events + "]}";
}

export function forget() {
  events = [];
  bytes = bodies.length = 0;
}
