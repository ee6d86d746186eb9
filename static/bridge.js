// Events that come without an import of this module: as a DOM event of the hook's name, or written
// into the page. htmx and unpoly need nothing else, their response headers HX-Trigger and
// X-Up-Events dispatch such events.
import { emitAll } from "./core.js";
import { listen } from "./hooks.js";

const NAME = "analytics:track";
const BLOCKS = 'script[type="application/json"][data-analytics]';

function readBlocks() {
  for (const block of document.querySelectorAll(BLOCKS)) {
    // Read once; a copy of the page that Turbo keeps has lost the mark as well.
    block.removeAttribute("data-analytics");
    emitAll(JSON.parse(block.textContent));
  }
}

export function bridgeTheDom() {
  // A page may mirror the hook into the DOM. What comes while the hook is being emitted is such a
  // mirror's: taken in again, the two would call each other for ever.
  let depth = 0;
  listen(NAME, () => depth++, Infinity);
  listen(NAME, () => depth--, -Infinity);

  // Capturing, so an event that does not bubble, or is stopped, arrives as well. htmx wraps a list,
  // which tells of several events, in an object.
  addEventListener(NAME, ({ detail }) => depth || emitAll(detail?.value || detail), true);

  // With each view: a navigation inside the page may have brought others.
  listen("page:view", readBlocks);
}
