import { init, track } from "@plausible-analytics/tracker";

init({
  domain: location.hostname,
  endpoint: `${location.origin}/api/event`,
  captureOnLocalhost: true,
  outboundLinks: true,
  fileDownloads: true,
  formSubmissions: true,
});
if (CLICKS) next.addEventListener("click", () => track("go", {}));
