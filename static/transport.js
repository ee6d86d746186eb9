// Carries bodies to the endpoint: a few at a time, again after a failure, by beacon at the end.

import { LARGEST_BODY } from "./queue.js";

const MOST_TRIES = 5;
const LONGEST_PAUSE = 60; // seconds between two tries, unless the server asks for more
const LONGEST_WISH = 24 * 60 * 60; // seconds; a timer of more than 24 days would fire at once
// A browser opens six connections to a host; taking all of them would hold up a navigation.
const MOST_REQUESTS = 3;

// Full jitter: pages that failed together do not come back together.
function pauseAfter(failures, retryAfter) {
  const jitter = Math.random() * Math.min(LONGEST_PAUSE, 2 ** failures);
  const wish = Math.min(Number(retryAfter) || 0, LONGEST_WISH);
  return Math.max(jitter, wish) * 1000;
}

export function createTransport(endpoint, nextBody) {
  const failed = []; // bodies that go out again, the same events under the same ids
  let requests = 0;
  let keptAlive = 0; // bytes in flight that outlive the page
  let pause = 0; // a timer; while it runs, nothing new goes out
  let pauseEnd = 0; // by a clock that nobody sets
  let stopped = false;
  let warned = false;

  function warnOnce(reason) {
    if (!warned) console.warn(`analytics: events were lost, ${reason}`);
    warned = true;
  }

  function stop() {
    stopped = true;
    failed.length = 0;
    clearTimeout(pause);
  }

  function tryAgain(body, retryAfter) {
    body.failures += 1;
    if (body.failures >= MOST_TRIES) return warnOnce("the server could not be reached");
    failed.push(body);
    pauseEnd = Math.max(pauseEnd, performance.now() + pauseAfter(body.failures, retryAfter));
    clearTimeout(pause);
    pause = setTimeout(resume, pauseEnd - performance.now());
  }

  function resume() {
    pause = 0;
    pump();
  }

  function judge(response, body) {
    const { status } = response;
    if (response.ok || stopped) return;
    if (status === 403 || status === 410) stop();
    else if (status === 429 || status >= 500) tryAgain(body, response.headers.get("Retry-After"));
    else warnOnce(`the server answered ${status || "with a redirect"}`);
  }

  function request(body, keepalive) {
    return fetch(endpoint, {
      method: "POST",
      body: body.write(),
      headers: { "Content-Type": "text/plain" }, // needs no preflight
      keepalive,
      // Followed, a redirect to a login would swallow the events and say 200.
      redirect: "manual",
    });
  }

  async function ask(body) {
    if (keptAlive + body.bytes > LARGEST_BODY) return request(body, false);
    keptAlive += body.bytes;
    try {
      return await request(body, true);
    } catch {
      // The browser's own count may be higher: it has other scripts, and forgets an answer late.
      return request(body, false);
    } finally {
      keptAlive -= body.bytes;
    }
  }

  async function post(body) {
    requests += 1;
    try {
      judge(await ask(body), body);
    } catch {
      if (!stopped) tryAgain(body);
    } finally {
      requests -= 1;
    }
    pump();
  }

  function takeBody() {
    return stopped ? undefined : failed.shift() ?? nextBody();
  }

  function pump() {
    while (!pause && requests < MOST_REQUESTS) {
      const body = takeBody();
      if (!body) return;
      post(body);
    }
  }

  // The page may be gone after this: no turn to wait for, and no answer to read.
  function drain() {
    for (let body = takeBody(); body; body = takeBody()) {
      const blob = new Blob([body.write()], { type: "text/plain" });
      // The browser refuses a beacon when too many bytes are in flight already.
      if (!navigator.sendBeacon?.(endpoint, blob)) post(body);
    }
  }

  return {
    pump,
    drain,
    get stopped() {
      return stopped;
    },
  };
}
