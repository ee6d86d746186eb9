// The hooks that tell a page about itself: navigations, actions, dialogs, forms, the network. Loaded
// with the first listener to one of them. Nothing of it goes to the server by itself.
import { cleanUrl } from "../events.js";
import { watchLibraries } from "./libraries.js";

let emit; // null until the first call

function now(payload) {
  return { ...payload, timestamp: Date.now() };
}

function here() {
  return cleanUrl(location.href);
}

function watchNavigations(hooks) {
  let started;
  let url;
  window.navigation?.addEventListener("navigate", ({ destination, hashChange }) => {
    if (hashChange) return;
    started = performance.now();
    url = cleanUrl(destination.url);
    emit("navigation:start", now({ url, previousUrl: here() }));
  });
  window.navigation?.addEventListener("navigateerror", ({ message }) => {
    emit("navigation:error", now({ url, error: message }));
  });
  hooks.on("page:view", ({ url, referrer, isInitialLoad, timestamp }) => {
    if (isInitialLoad) return;
    const duration = started ? performance.now() - started : 0;
    emit("navigation:complete", { url, previousUrl: referrer, timestamp, duration });
  });
}

function watchDialogs() {
  const states = { open: "modal:open", closed: "modal:close" };
  document.addEventListener(
    "toggle",
    ({ target, newState }) => {
      if (!target.matches("dialog,[popover]")) return;
      emit(states[newState], now({ modalId: target.id || undefined, url: here() }));
    },
    true,
  );
}

function watchForms() {
  const dirty = new WeakSet();
  addEventListener("input", ({ target }) => {
    const { form } = target;
    if (!form || dirty.has(form)) return;
    dirty.add(form);
    emit("form:dirty", now({ formId: form.getAttribute("id") || undefined }));
  });
  for (const type of ["submit", "reset"]) {
    addEventListener(type, ({ target }) => {
      if (!dirty.delete(target)) return;
      emit("form:clean", now({ formId: target.getAttribute("id") || undefined }));
    });
  }
}

export function begin(hooks) {
  if (emit) return;
  emit = hooks.emit;
  watchNavigations(hooks);
  watchDialogs();
  watchForms();
  for (const state of ["online", "offline"]) {
    addEventListener(state, () => emit(`network:${state}`, now()));
  }
  watchLibraries(emit);
  emit("framework:ready", now({ loadTime: performance.now() }));
}
