// What the page's script tag says. There is no global to configure, so that nothing can clash.

const MOST_EVENTS = 100; // a body; the server refuses more

function positive(text, fallback) {
  const number = Number(text);
  return number > 0 ? number : fallback;
}

// With `moduleUrl` the module finds its own tag; a page that only imports it has none.
export function readSettings(moduleUrl) {
  const tag = [...document.scripts].find((script) => script.src === moduleUrl);
  const { endpoint, view, flush, batch } = tag?.dataset ?? {};
  return {
    endpoint: endpoint ? new URL(endpoint, document.baseURI).href : new URL("e", moduleUrl).href,
    view: view || "", // the server's id of this page view
    flush: positive(flush, 5) * 1000, // milliseconds from here on, as the browser's timers
    batch: Math.min(positive(batch, 20), MOST_EVENTS),
  };
}
