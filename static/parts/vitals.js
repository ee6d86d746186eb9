// Web vitals, as https://web.dev/articles/vitals defines them. Loaded where the tag says data-vitals.
// Each is told once, when the page is hidden for the first time: they are final then.

const values = {}; // metric -> milliseconds; CLS has no unit

function observe(type, notice, options) {
  try {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(notice));
    observer.observe({ type, buffered: true, ...options });
    return () => observer.takeRecords().forEach(notice);
  } catch {
    return () => {}; // a browser that does not know it
  }
}

// CLS: the worst window of shifts that are less than 1 s apart, and 5 s long at most.
function watchShifts() {
  let window = { from: -Infinity, to: -Infinity, sum: 0 };
  values.CLS = 0;
  return observe("layout-shift", ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    const isNew = startTime - window.to > 1000 || startTime - window.from > 5000;
    if (isNew) window = { from: startTime, sum: 0 };
    window.to = startTime;
    window.sum += value;
    values.CLS = Math.max(values.CLS, window.sum);
  });
}

// INP: the slowest interaction, of every 50 one left out.
function watchInteractions() {
  const durations = new Map(); // interaction -> milliseconds
  return observe(
    "event",
    ({ interactionId, duration }) => {
      if (!interactionId) return;
      durations.set(interactionId, Math.max(duration, durations.get(interactionId) || 0));
      const slowest = [...durations.values()].sort((a, b) => b - a);
      values.INP = slowest[Math.floor(slowest.length / 50)];
    },
    { durationThreshold: 40 },
  );
}

export function begin(hooks, track) {
  const { activationStart = 0, responseStart } = performance.getEntriesByType("navigation")[0] || {};
  const sinceShown = (time) => Math.max(time - activationStart, 0);
  const flushes = [
    watchShifts(),
    watchInteractions(),
    observe("paint", ({ name, startTime }) => {
      if (name === "first-contentful-paint") values.FCP = sinceShown(startTime);
    }),
    observe("largest-contentful-paint", ({ startTime }) => (values.LCP = sinceShown(startTime))),
  ];
  if (responseStart) values.TTFB = sinceShown(responseStart);

  function tell({ type }) {
    if (!document.hidden && type !== "pagehide") return;
    flushes.splice(0).forEach((flush) => flush());
    for (const metric in values) {
      track("web_vital", { metric, value: Math.round(values[metric] * 1000) / 1000 });
      delete values[metric];
    }
  }
  // Before the module's own listeners, which send what there is.
  addEventListener("visibilitychange", tell, true);
  addEventListener("pagehide", tell, true);
}
