import { OpenPanel } from "@openpanel/web";

new OpenPanel({
  clientId: "benchmark",
  apiUrl: location.origin,
  trackScreenViews: true,
  trackOutgoingLinks: true,
  trackAttributes: true,
});
