// The hook bus: the one way in and out of this module, for the page and for our own parts.

const listeners = new Map(); // event name -> its listeners, in the order they are called

function remove(event, isGone) {
  const staying = (listeners.get(event) ?? []).filter((listener) => !isGone(listener));
  listeners.set(event, staying);
}

function on(event, fn, { id, once = false, priority = 0 } = {}) {
  const listener = { fn, id, once, priority };
  const all = [...(listeners.get(event) ?? []), listener];
  // The sort is stable: listeners of one priority keep the order in which they came.
  listeners.set(event, all.sort((a, b) => b.priority - a.priority));
  return () => remove(event, (other) => other === listener);
}

function once(event, fn, options) {
  return on(event, fn, { ...options, once: true });
}

function off(event, id) {
  remove(event, (listener) => listener.id === id);
}

function emit(event, payload) {
  for (const listener of listeners.get(event) ?? []) {
    // A listener before this one may have removed it, or used it up by emitting the event again.
    if (!listeners.get(event).includes(listener)) continue;
    if (listener.once) remove(event, (other) => other === listener);
    try {
      listener.fn(payload);
    } catch (error) {
      console.error(`analytics: a listener of ${event} failed`, error);
    }
  }
}

export const hooks = Object.freeze({ on, once, off, emit });
