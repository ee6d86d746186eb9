// Page views: the first one, those that a navigation inside the page makes, those that come back.
import { cleanUrl, newId } from "./events.js";
import { hooks } from "./hooks.js";
import { load } from "./parts.js";
import { data, has } from "./settings.js";

const TITLE_DELAY = 100; // milliseconds; routers set the title after they changed the address
const LONGEST_TITLE = 512;

// _page is what the hook tells of it.
export let view = {
  _id: data.view || newId(),
  _page: { referrer: cleanUrl(document.referrer), isInitialLoad: true },
};
let timer; // runs while the view waits for its title

// A jump inside the page is no new view, unless the fragment is the page's address.
function fragment() {
  return has("hash") ? location.hash : "";
}

function currentPath() {
  return location.pathname + location.search + fragment();
}

// Announces the view under the title that the page has by now.
export function settle() {
  if (!timer) return;
  clearTimeout(timer);
  timer = 0;
  view._page.title = document.title.slice(0, LONGEST_TITLE);
  hooks.emit("page:view", { ...view._page });
}

function begin() {
  view._path = currentPath();
  view._page.url = cleanUrl(location.href) + fragment();
  view._page.timestamp = Date.now();
  timer = setTimeout(settle, TITLE_DELAY);
}

export function watchViews(beforeLeaving) {
  begin();

  function leaveFor(referrer) {
    settle(); // while it still is the current view
    beforeLeaving();
    view = { _id: newId(), _page: { referrer, isInitialLoad: false } };
    begin();
  }

  function navigated() {
    if (currentPath() !== view._path) leaveFor(view._page.url);
  }

  if (window.navigation) navigation.addEventListener("navigatesuccess", navigated);
  else load("history", navigated);
  // Back from the back/forward cache: no script runs again, yet the visitor sees the page again.
  addEventListener("pageshow", (event) => event.persisted && leaveFor(view._page.referrer));
}
