// Carries bodies to the endpoint: a few at a time, again after a failure, by beacon at the end.
import { hooks } from "./hooks.js";
import { bodies, pack, write } from "./queue.js";
import { endpoint } from "./settings.js";

const MOST_TRIES = 5;
// A browser opens six connections to a host; taking all of them would hold up a navigation.
const MOST_REQUESTS = 3;

let requests = 0;
// A timer; while it runs, nothing goes out, and events wait together: many small bodies would push
// out old ones.
export let pause;
export let isStopped;

// Who keeps what cannot be delivered listens here.
function lose(body, reason) {
  if (FULL) hooks.emit("analytics:lost", { body: write(body), reason });
}

function tryAgain(body, error, retryAfter) {
  if (++body._failures < MOST_TRIES) bodies.unshift(body);
  else lose(body, error);
  // Full jitter, of 16 seconds at most: pages that failed together do not come back together.
  const jitter = Math.random() * 2 ** body._failures;
  clearTimeout(pause);
  pause = setTimeout(resume, Math.max(jitter, +retryAfter || 0) * 1000);
}

function resume() {
  pause = 0;
  pack();
  send();
}

function request(body, keepalive) {
  return fetch(endpoint, {
    keepalive,
    method: "POST",
    body: write(body), // text/plain by itself, which needs no preflight
    // Followed, a redirect to a login would swallow the events and say 200.
    redirect: "manual",
  });
}

async function post(body) {
  requests++;
  try {
    // A browser keeps 64 KiB alive in all, and refuses what is more: then it goes as any request.
    const { status, ok, headers } = await request(body, true).catch(() => request(body));
    if (status === 403 || status === 410) isStopped = true;
    else if (status === 429 || status >= 500) tryAgain(body, status, headers.get("Retry-After"));
    else if (!ok) lose(body, status);
  } catch (error) {
    tryAgain(body, error);
  }
  requests--;
  send();
}

// At the end of a page there is no turn to wait for, and no answer to read.
export function send(isLast) {
  while (!isStopped && bodies[0] && (isLast || (!pause && requests < MOST_REQUESTS))) {
    const body = bodies.shift();
    if (FULL && isLast && !navigator.onLine) lose(body, "offline");
    // The browser refuses a beacon when too many bytes are in flight already.
    else if (!isLast || !navigator.sendBeacon(endpoint, write(body))) post(body);
  }
}
