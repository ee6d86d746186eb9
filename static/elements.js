// What people do with elements. One listener for the whole page, so that what htmx, Turbo or unpoly
// swap in needs no binding; capturing, so that nobody can stop it, and it never stops anything.
import { track } from "./core.js";

export function onEach(type, notice) {
  addEventListener(
    type,
    (event) => {
      const { target } = event; // the document itself has no closest
      if (target.closest?.("[data-analytics-ignore]") === null) notice(target, event);
    },
    true,
  );
}

// data-analytics-event="name" data-analytics-prop-item-id="7" -> name {item_id: "7"}
export function trackDeclared(element) {
  const name = element?.dataset.analyticsEvent;
  if (!name) return;
  const params = {};
  for (const { name, value } of element.attributes) {
    const [, key] = name.split("data-analytics-prop-");
    if (key) params[key.replaceAll("-", "_")] = value;
  }
  track(name, params);
}
