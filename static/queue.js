// Events that wait, and the bodies made of them. No timer and no network here.

const MOST_WAITING = 200; // events; beyond it the oldest goes, the newest say what is wrong now
export const LARGEST_BODY = 60 * 1024; // bytes; browsers carry 64 KiB past the end of a page

const encoder = new TextEncoder();

function sizeOf(text) {
  return encoder.encode(text).length;
}

// All of a body but the events. Built as text, so that an event is serialised only once, and anew
// for each try: the server measures the page's clock by it.
function opening({ id, url, referrer, title }) {
  const envelope = { sent_at: new Date().toISOString(), view_id: id, url, referrer, title };
  return `${JSON.stringify(envelope).slice(0, -1)},"events":[`;
}

const CLOSING = "]}";

function serialise(event) {
  try {
    return JSON.stringify(event);
  } catch (error) {
    // A circle or a BigInt in the properties: the page's mistake must not become its exception.
    console.warn("analytics: an event cannot be written as JSON", error);
    return "";
  }
}

export function createQueue(mostEvents) {
  const waiting = []; // {view, json, bytes}, oldest first
  let released = 0; // how many of them may leave

  function add(view, event) {
    // Text from here on: what the page does to its object later is not what happened now.
    const json = serialise(event);
    if (!json) return;
    const bytes = sizeOf(json);
    if (sizeOf(opening(view)) + bytes + CLOSING.length > LARGEST_BODY) {
      console.warn(`analytics: an event of ${bytes} bytes is too big`);
      return;
    }
    waiting.push({ view, json, bytes });
    if (waiting.length > MOST_WAITING) {
      waiting.shift();
      released = Math.max(0, released - 1);
    }
  }

  // How many of the oldest events fit one body: they share a view and stay under the limit.
  function countFitting(head) {
    const { view } = waiting[0];
    const most = Math.min(released, mostEvents);
    let bytes = sizeOf(head) + CLOSING.length;
    let count = 0;
    while (count < most && waiting[count].view === view) {
      bytes += waiting[count].bytes + 1; // and its comma
      // The first one always goes: add() has weighed it, and a body must never be empty.
      if (count && bytes > LARGEST_BODY) break;
      count += 1;
    }
    return count;
  }

  function nextBody() {
    if (!released) return undefined;
    const head = opening(waiting[0].view);
    const events = waiting.splice(0, countFitting(head));
    released -= events.length;
    const rest = events.map((event) => event.json).join(",") + CLOSING;
    const { view } = events[0];
    return { write: () => opening(view) + rest, bytes: sizeOf(head + rest), failures: 0 };
  }

  return {
    add,
    nextBody,
    // Without this mark, an answer to one body would pull out the next events one by one.
    release() {
      released = waiting.length;
    },
    get size() {
      return waiting.length;
    },
  };
}
