// The browser half of flask_analytics. Import it, or include its snippet; it leaves no global.
//
//   import { hooks, track, flush, setConsent } from "/_a/a.js";
//
// What is emitted on the hook `analytics:track` goes to the server, and so does what the module
// notices itself. core.js is the whole of the first; each other part here is one of the second.
import { bridgeTheDom } from "./bridge.js";
import { watchClicks } from "./clicks.js";
import { hooks, track } from "./core.js";
import { watchForms } from "./forms.js";
import { listen } from "./hooks.js";
import { load } from "./parts.js";
import { data, endpoint, has, isOn } from "./settings.js";

export { flush, hooks, setConsent, track } from "./core.js";

function noticeError(event) {
  load("errors", event, hooks, track);
}

function watchErrors() {
  addEventListener("error", noticeError);
  addEventListener("unhandledrejection", noticeError);
  listen("error", noticeError);
}

bridgeTheDom();
watchClicks();
watchForms();
if (isOn("errors")) watchErrors();
for (const name of ["vitals", "offline"]) if (has(name)) load(name, hooks, track, endpoint);
// action:, form:, framework:, modal:, navigation:, network:, partial:
listen("hooks:on", (name) => /^([fmn]|act|par)/.test(name) && load("sources", hooks));
