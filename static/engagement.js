// How long somebody looked at a view, and how far down. A page that is visible but has not the
// focus is not looked at: another window is. Whole seconds, counted as they pass: a clock that is
// read at both ends goes on while the computer sleeps.

let engaged; // seconds that are not told yet
let deepest; // percent of the page
let told; // the depth that was told last

function tick() {
  if (!document.hidden && document.hasFocus()) engaged++;
}

export function measureDepth() {
  const seen = (scrollY + innerHeight) / document.documentElement.scrollHeight;
  deepest = Math.max(deepest, Math.min(Math.round(seen * 100), 100));
}

// The seconds since the last report, so that a sum of reports is the whole time. The first report
// of a view always goes out, the others if there is news.
export function report(track) {
  if (!engaged && deepest <= told) return;
  track("engagement", { engaged_seconds: engaged, scroll_percent: deepest });
  engaged = 0;
  told = deepest;
}

export function startOver() {
  engaged = deepest = 0;
  told = -1;
}

export function watchEngagement() {
  startOver();
  setInterval(tick, 1000);
  addEventListener("scroll", measureDepth);
}
