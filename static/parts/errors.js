// JavaScript errors: what was never caught, and what the page itself emits on the hook `error`.
// Loaded with the first one; until then the module keeps what it was told.
import { cleanUrl } from "../events.js";

const MOST_ERRORS = 10; // a page view; one that fails in a loop has said enough
const LONGEST_STACK = 2000;

// Browsers' own noise, errors of other sites' scripts without any detail, and of extensions.
const NOISE = /^ResizeObserver loop|^Script error|-extension:/;

let seen;

function payloadOf({ type, error, reason = error, message, filename, lineno, colno }) {
  return {
    message: String(message || reason?.message || reason),
    type,
    context: "unknown",
    stack: reason?.stack,
    url: filename,
    line: lineno,
    column: colno,
    timestamp: Date.now(),
  };
}

// What a query says is not told, neither in an address nor in a stack.
function withoutQueries(text) {
  return text.replace(/\?[^\s:)]*/g, "");
}

export function begin(what, hooks, track) {
  if (!seen) {
    seen = new Set();
    // What failed before the first view was told belongs to it.
    hooks.on("page:view", (view) => view.isInitialLoad || seen.clear());
  }
  if (what instanceof Event) return hooks.emit("error", payloadOf(what));
  const { message, url = "", line, column } = what;
  const stack = withoutQueries(what.stack || "").slice(0, LONGEST_STACK);
  const key = [message, url, line].join();
  if (seen.has(key) || seen.size >= MOST_ERRORS || NOISE.test(message) || NOISE.test(url + stack)) {
    return;
  }
  seen.add(key);
  track("js_error", { message, file: cleanUrl(url), line, column, stack });
}
