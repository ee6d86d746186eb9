// The server's id of a page that a script fetched, so that both channels report one page view. A
// response tells it as Server-Timing, which the browser keeps with the request of that address.
// Loaded with the first navigation inside a page.

const taken = new Set(); // a page that comes from a cache was not served again

function servedAs() {
  const entry = performance.getEntriesByName(location.href.split("#")[0]).pop();
  return entry?.serverTiming?.find(({ name }) => name === "view")?.description;
}

export function begin(view) {
  const id = servedAs();
  // What was told of it stays so.
  if (!id || taken.has(id) || Object.isFrozen(view)) return;
  taken.add(id);
  view.view_id = id;
}
