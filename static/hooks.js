// The hook bus: the one way in and out of this module, for the page and for our own parts.

let listeners = []; // of all events, in the order they are called
const OURS = {}; // the id of what the module itself listens with: what the page clears is the page's

function keep(isStaying) {
  listeners = listeners.filter(isStaying);
}

function on(event, fn, { id = fn, once, priority = 0 } = {}) {
  const leave = () => keep((other) => other !== listener);
  const listener = { _event: event, _fn: fn, _id: id, _leave: leave, _once: once, _priority: priority };
  // The sort is stable: listeners of one priority keep the order in which they came.
  listeners = [...listeners, listener].sort((a, b) => b._priority - a._priority);
  if (FULL) emit("hooks:on", event); // what nobody listens to need not be watched
  return leave;
}

export let emitting; // the event whose listeners run

function emit(event, payload) {
  const outer = emitting;
  if (FULL) emitting = event;
  for (const listener of listeners) {
    // A listener before this one may have removed it, or used it up by emitting the event again.
    if (listener._event !== event || !listeners.includes(listener)) continue;
    if (listener._once) listener._leave();
    try {
      listener._fn(payload);
    } catch (error) {
      console.error(error);
    }
  }
  if (FULL) emitting = outer;
}

export function listen(event, fn) {
  on(event, fn, { id: OURS });
}

export const hooks = {
  on,
  once: (event, fn, options) => on(event, fn, { ...options, once: true }),
  // By id, or by the function of a listener that was given none.
  off: (event, id) => keep((listener) => listener._event !== event || listener._id !== id),
  clear: (event) =>
    keep((listener) => listener._id === OURS || (event && listener._event !== event)),
  emit,
};
