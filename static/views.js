// Page views: the first one, those that a navigation inside the page makes, those that come back.

import { cleanTitle, cleanUrl, newId } from "./events.js";

const TITLE_DELAY = 100; // milliseconds; routers set the title after they changed the address

// The fragment is not part of it: a jump inside the page is no new view.
function currentPath() {
  return location.pathname + location.search;
}

function whereAndWhen() {
  return { path: currentPath(), url: cleanUrl(location.href), timestamp: Date.now(), title: "" };
}

// For browsers without the Navigation API.
function patchHistory(method, navigated) {
  const original = history[method];
  history[method] = function (...args) {
    const result = original.apply(this, args);
    navigated();
    return result;
  };
}

function onNavigation(navigated) {
  if (window.navigation) {
    window.navigation.addEventListener("navigatesuccess", navigated);
    return;
  }
  patchHistory("pushState", navigated);
  patchHistory("replaceState", navigated);
  addEventListener("popstate", navigated);
}

export function watchViews(hooks, serverView) {
  let view = {
    ...whereAndWhen(),
    id: serverView || newId(),
    referrer: cleanUrl(document.referrer),
    isInitialLoad: true,
  };
  let timer = 0; // runs while the view waits for its title

  // Announces the view under the title that the page has by now.
  function settle() {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    view.title = cleanTitle(document.title);
    const { url, title, referrer, isInitialLoad, timestamp } = view;
    hooks.emit("page:view", { url, title, referrer, isInitialLoad, timestamp });
  }

  function waitForTitle() {
    timer = setTimeout(settle, TITLE_DELAY);
  }

  function open(referrer) {
    settle(); // the one before, while it still is the current view
    view = { ...whereAndWhen(), id: newId(), referrer, isInitialLoad: false };
    waitForTitle();
  }

  function start() {
    // A prerendered page may have moved on before anybody saw it.
    Object.assign(view, whereAndWhen());
    waitForTitle();
    onNavigation(() => {
      if (currentPath() !== view.path) open(view.url);
    });
    // Back from the back/forward cache: no script runs again, yet the visitor sees the page again.
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) open(view.referrer);
    });
  }

  if (document.prerendering) {
    document.addEventListener("prerenderingchange", start, { once: true });
  } else {
    start();
  }

  return {
    settle,
    get current() {
      return view;
    },
  };
}
