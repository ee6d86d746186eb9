// What the page's script tag says. There is no global to configure, so that nothing can clash.

// The module finds its own tag; a page that only imports it has none.
export const data =
  [...document.scripts].find((script) => script.src === import.meta.url)?.dataset || {};

export const endpoint = data.endpoint || new URL("e", import.meta.url);
export const flushAfter = (+data.flush || 5) * 1000; // milliseconds, as the browser's timers
export const batchSize = +data.batch || 20;

// Each behaviour is on, unless the tag's data-off names it.
export function isOn(name) {
  return !data.off?.includes(name);
}

// A switch is on where its attribute is there, whatever it says.
export function has(name) {
  return name in data;
}

// What the visitor's browser says for them, until they tell the page itself.
const objects =
  (navigator.globalPrivacyControl && !has("gpc")) || (has("dnt") && navigator.doNotTrack > 0);
export const consent = objects ? false : data.consent ? undefined : true;
