// The hook bus: the one way in and out of this module, for the page and for our own parts.

const listeners = {}; // event name -> its listeners, in the order they are called
const OURS = {}; // the id of what the module itself listens with: what the page clears is the page's

function keep(event, isStaying) {
  listeners[event] = (listeners[event] || []).filter(isStaying);
}

function on(event, fn, { id = fn, once, priority = 0 } = {}) {
  const listener = { _fn: fn, _id: id, _once: once, _priority: priority };
  // The sort is stable: listeners of one priority keep the order in which they came.
  listeners[event] = [...(listeners[event] || []), listener].sort(
    (a, b) => b._priority - a._priority,
  );
  if (FULL) emit("hooks:on", event); // what nobody listens to need not be watched
  return () => keep(event, (other) => other !== listener);
}

export let emitting; // the event whose listeners run

function emit(event, payload) {
  const outer = emitting;
  if (FULL) emitting = event;
  for (const listener of listeners[event] || []) {
    // A listener before this one may have removed it, or used it up by emitting the event again.
    if (!listeners[event].includes(listener)) continue;
    if (listener._once) keep(event, (other) => other !== listener);
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
  off: (event, id) => keep(event, (listener) => listener._id !== id),
  clear(event) {
    for (const name of event ? [event] : Object.keys(listeners)) {
      keep(name, (listener) => listener._id === OURS);
    }
  },
  emit,
};
