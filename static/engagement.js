// How long somebody looked at a view, and how far down. A page that is visible but has not the
// focus is not looked at: another window is.

const WORTH_TELLING = 1000; // milliseconds; less is told only with a view's first report

let since; // of performance.now(), while somebody looks
let engaged; // milliseconds that are not told yet
let deepest; // percent of the page
let told; // the depth that was told last

function tick() {
  const now = performance.now();
  if (since) engaged += now - since;
  since = !document.hidden && document.hasFocus() && now;
}

export function measureDepth() {
  const seen = (scrollY + innerHeight) / document.documentElement.scrollHeight;
  deepest = Math.min(Math.max(deepest, Math.round(seen * 100)), 100);
}

// The seconds since the last report, so that a sum of reports is the whole time.
export function report(track) {
  tick();
  if (engaged < WORTH_TELLING && deepest <= told) return;
  told = deepest;
  track("engagement", { engaged_seconds: Math.round(engaged) / 1000, scroll_percent: deepest });
  engaged = 0;
}

export function startOver() {
  engaged = deepest = 0;
  told = -1;
}

export function watchEngagement() {
  startOver();
  tick();
  for (const type of ["focus", "blur", "visibilitychange"]) addEventListener(type, tick);
  addEventListener("scroll", measureDepth, { passive: true });
}
