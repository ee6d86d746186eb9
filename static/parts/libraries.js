// What htmx, Turbo and unpoly tell of their requests, in the words of the hooks. A listener is all
// that each needs: where a library is not there, its events never come.
import { cleanUrl } from "../events.js";

const running = new WeakMap(); // request -> what is known of it

function full(url) {
  return cleanUrl(new URL(url, location.href).href);
}

function start(emit, request, method, url, element) {
  if (method.toUpperCase() === "GET") return;
  const known = {
    action: full(url),
    method: method.toUpperCase(),
    elementTag: element?.localName || "",
    timestamp: Date.now(),
  };
  running.set(request, { known, began: performance.now() });
  emit("action:start", known);
}

function complete(emit, request, statusCode, success) {
  const { known, began } = running.get(request) || {};
  if (!known) return;
  running.delete(request);
  emit("action:complete", {
    ...known,
    success,
    statusCode,
    duration: performance.now() - began,
    timestamp: Date.now(),
    // What these libraries and their servers agreed on for a form that is shown again.
    ...(statusCode === 422 && { validationFailed: true }),
  });
}

function rendered(emit, src, element) {
  const id = element?.getAttribute?.("id");
  emit("partial:render", {
    src: full(src),
    patchLocation: id ? `#${id}` : element?.localName || "",
    timestamp: Date.now(),
  });
}

function watchHtmx(on, emit) {
  on("htmx:beforeRequest", ({ detail: { xhr, elt, requestConfig } }) =>
    start(emit, xhr, requestConfig.verb, requestConfig.path, elt),
  );
  on("htmx:afterRequest", ({ detail: { xhr, successful } }) =>
    complete(emit, xhr, xhr.status, !!successful),
  );
  on("htmx:afterSwap", ({ detail: { target, pathInfo } }) =>
    rendered(emit, pathInfo?.requestPath || "", target),
  );
}

function watchTurbo(on, emit) {
  on("turbo:submit-start", ({ detail: { formSubmission } }) =>
    start(emit, formSubmission, formSubmission.method, formSubmission.location, formSubmission.formElement),
  );
  on("turbo:submit-end", ({ detail: { formSubmission, success, fetchResponse } }) =>
    complete(emit, formSubmission, fetchResponse?.statusCode || 0, !!success),
  );
  on("turbo:frame-render", ({ target }) => rendered(emit, target.src || "", target));
}

function watchUnpoly(on, emit) {
  on("up:request:load", ({ request }) =>
    start(emit, request, request.method, request.url, request.origin?.form || request.origin),
  );
  on("up:request:loaded", ({ request, response }) =>
    complete(emit, request, response.status, response.ok),
  );
  on("up:request:offline", ({ request }) => complete(emit, request, 0, false));
  on("up:fragment:inserted", ({ target }) => rendered(emit, "", target));
  for (const [type, hook] of Object.entries({
    "up:layer:opened": "modal:open",
    "up:layer:accepted": "modal:close",
    "up:layer:dismissed": "modal:close",
  })) {
    on(type, ({ layer }) =>
      emit(hook, {
        modalId: layer.id,
        url: full(layer.location || ""),
        timestamp: Date.now(),
      }),
    );
  }
}

export function watchLibraries(emit) {
  const on = (type, fn) => document.addEventListener(type, fn);
  watchHtmx(on, emit);
  watchTurbo(on, emit);
  watchUnpoly(on, emit);
}
