// Clicks: on elements that name an event, and on links that lead elsewhere or to a file. Whether they
// are in rage is not urgent: the page stays, for what is clicked does nothing.
import { track } from "./core.js";
import { onEach, trackDeclared } from "./elements.js";
import { cleanUrl } from "./events.js";
import { load } from "./parts.js";
import { isOn } from "./settings.js";

const FILE = /\.(pdf|zip|gz|dmg|exe|csv|docx?|xlsx?|pptx?|mp[34])$/i;

// mailto: and the like have no host.
function noticeLink(link) {
  const { host } = link;
  const isFile = FILE.test(link.pathname) || link.matches("[download]");
  if (host && (isFile || host !== location.host)) {
    track(isFile ? "file_download" : "outbound_click", { url: cleanUrl(link.href) });
  }
}

export function watchClicks() {
  onEach("click", (target, event) => {
    trackDeclared(target.closest("[data-analytics-event]:not(form)"));
    const link = target.closest("a[href]");
    if (link && isOn("links")) noticeLink(link);
    if (isOn("rage")) load("rage", track, target, event);
  });
}
