// Page views: the first one, those that a navigation inside the page makes, those that come back.
import { cleanUrl, newId } from "./events.js";
import { hooks } from "./hooks.js";
import { load } from "./parts.js";
import { data, has } from "./settings.js";

const TITLE_DELAY = 100; // milliseconds; routers set the title after they changed the address

// What the hook tells of it, and what the server is told with each body.
export let view = {
  view_id: data.view || newId(),
  referrer: cleanUrl(document.referrer),
  isInitialLoad: true,
};
let path; // that it was opened with
let timer; // runs while the view waits for its title

// A jump inside the page is no new view, unless the fragment is the page's address.
function fragment() {
  return FULL && has("hash") ? location.hash : "";
}

function currentPath() {
  return location.pathname + location.search + fragment();
}

// Announces the view under the title that the page has by now.
export function settle() {
  if (!timer) return;
  timer = clearTimeout(timer);
  view.title = document.title;
  hooks.emit("page:view", { ...view });
}

function begin() {
  if (FULL && !view.isInitialLoad) load("join", view);
  path = currentPath();
  view.url = cleanUrl(location.href) + fragment();
  view.timestamp = Date.now();
  timer = setTimeout(settle, TITLE_DELAY);
}

export function watchViews(beforeLeaving) {
  begin();

  function leaveFor(referrer) {
    settle(); // while it still is the current view
    beforeLeaving();
    view = { view_id: newId(), referrer, isInitialLoad: false };
    begin();
  }

  function navigated() {
    if (currentPath() !== path) leaveFor(view.url);
  }

  if (window.navigation) navigation.addEventListener("navigatesuccess", navigated);
  else {
    for (const method of ["pushState", "replaceState"]) {
      const original = history[method];
      history[method] = (...args) => {
        original.apply(history, args);
        navigated();
      };
    }
    addEventListener("popstate", navigated);
  }
  // Back from the back/forward cache: no script runs again, yet the visitor sees the page again.
  addEventListener("pageshow", (event) => event.persisted && leaveFor(view.referrer));
}
