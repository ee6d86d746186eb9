// Events that come without an import of this module: as a DOM event of the hook's name, or written
// into the page. htmx and unpoly need nothing else, their response headers HX-Trigger and
// X-Up-Events dispatch such events.
import { emitting, hooks, listen } from "./hooks.js";

const NAME = "analytics:track";

// The payload of the hook, or a list of them.
function emitAll(payloads) {
  for (const payload of [].concat(payloads)) hooks.emit(NAME, payload);
}

function readBlocks() {
  for (const block of document.querySelectorAll("script[data-analytics]")) {
    // Read once; a copy of the page that Turbo keeps has lost the mark as well.
    block.removeAttribute("data-analytics");
    emitAll(JSON.parse(block.textContent));
  }
}

export function bridgeTheDom() {
  // Capturing, so an event that does not bubble, or is stopped, arrives as well. htmx wraps a list,
  // which tells of several events, in an object.
  addEventListener(
    NAME,
    ({ detail }) => {
      // A page may mirror the hook into the DOM. What comes while the hook is being emitted is such
      // a mirror's: taken in again, the two would call each other for ever.
      if (emitting !== NAME) emitAll(detail?.value || detail);
    },
    true,
  );

  // With each view: a navigation inside the page may have brought others.
  listen("page:view", readBlocks);
}
