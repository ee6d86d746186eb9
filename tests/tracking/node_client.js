// Sends with Segment's library for Node, and prints what became of it as JSON.
// SHOP: the address of the shop. KEY: the write key. STORY: what to send.
const { Analytics } = require("@segment/analytics-node");

const told = { statuses: [], failed: [] };

const analytics = new Analytics({
  writeKey: process.env.KEY,
  host: process.env.SHOP,
  path: "/analytics/v1/batch",
  flushInterval: 200,
});
analytics.on("http_response", ({ status }) => told.statuses.push(status));
analytics.on("error", (error) => told.failed.push(String(error.reason ?? error)));

const stories = {
  calls() {
    analytics.identify({ userId: "u1", anonymousId: "a1", traits: { plan: "pro" } });
    analytics.track({
      userId: "u1",
      event: "Bought",
      properties: { revenue: 29.9, currency: "EUR" },
      context: { locale: "de-DE", page: { url: "https://shop.example/cart?token=secret" } },
    });
    analytics.page({ userId: "u1", category: "Shop", name: "Home" });
    analytics.screen({ userId: "u1", name: "Start" });
    analytics.group({ userId: "u1", groupId: "acme", traits: { employees: 7 } });
    analytics.alias({ userId: "u1", previousId: "old" });
  },
  one() {
    analytics.track({ userId: "u1", event: "Bought" });
  },
  refused() {
    const timestamp = new Date("1969-07-20T00:00:00Z");
    analytics.track({ userId: "u1", event: "Landed", timestamp });
  },
};

stories[process.env.STORY]();
analytics.closeAndFlush({ timeout: 60_000 }).then(() => console.log(JSON.stringify(told)));
