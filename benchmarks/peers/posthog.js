import posthog from "posthog-js";

// Uncompressed, so that the endpoint can read it; without the filter that takes a Chromium which
// Playwright drives for a bot; its flags would be a request more to an endpoint without answers.
posthog.init("benchmark", {
  api_host: location.origin,
  capture_pageview: "history_change",
  disable_compression: true,
  opt_out_useragent_filter: true,
  advanced_disable_flags: true,
});
