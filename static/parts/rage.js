// Rage: clicks on one spot in quick succession, by somebody for whom nothing happens. Loaded with the
// first click. Those that come meanwhile are told of afterwards, in any order, with their own times.

const CLICKS = 3;
const WITHIN = 1000; // milliseconds
const NEAR = 30; // pixels

// Where people click quickly for good reasons: fields and their arrows.
const CALM = "input,textarea,select,[contenteditable]";

let clicks = [];

export function begin(track, element, { x, y, timeStamp }) {
  if (element.closest(CALM)) return;
  clicks = clicks.filter(
    ([left, top, at]) => Math.abs(timeStamp - at) < WITHIN && Math.hypot(x - left, y - top) < NEAR,
  );
  if (clicks.push([x, y, timeStamp]) !== CLICKS) return;
  // Never the element's text, which may be private.
  const { id } = element;
  const name = [element.localName, ...element.classList].join(".");
  track("rage_click", { selector: name + (id && "#" + id) });
}
