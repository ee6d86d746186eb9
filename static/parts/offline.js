// What could not be delivered waits in the visitor's browser until they come back. Loaded where the
// tag says data-offline: nothing is stored otherwise.

const KEY = "analytics:lost";
const MOST_KEPT = 20; // bodies; of each tab that is open
const OLDEST = 7 * 86400e3; // milliseconds; later the server takes no event's own time

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return []; // storage is forbidden, or somebody else's words are in it
  }
}

function write(kept) {
  try {
    if (kept.length) localStorage.setItem(KEY, JSON.stringify(kept.slice(-MOST_KEPT)));
    else localStorage.removeItem(KEY);
  } catch {
    // Forbidden, or full.
  }
}

// The server measures the page's clock by the time of sending.
function resent(body) {
  return JSON.stringify({ ...JSON.parse(body), sent_at: new Date() });
}

async function deliver(endpoint) {
  const kept = read();
  write([]); // another tab must not send the same; the server knows doubles by their ids anyway
  for (const { body, at } of kept) {
    if (Date.now() - at > OLDEST) continue;
    const sent = await fetch(endpoint, { method: "POST", body: resent(body) }).catch(() => ({}));
    if (!sent.status || sent.status >= 500 || sent.status === 429) keep(body, at);
  }
}

function keep(body, at = Date.now()) {
  write([...read(), { body, at }]);
}

// A refusal is an answer; what got none, or an answer that the server is ill, is worth another day.
export function begin(hooks, track, endpoint) {
  hooks.on("analytics:lost", ({ body, reason }) => {
    if (!(reason >= 300 && reason < 500 && reason !== 429)) keep(body);
  });
  addEventListener("online", () => deliver(endpoint));
  if (navigator.onLine) deliver(endpoint);
}
