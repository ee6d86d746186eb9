import { init, track, trackErrors, trackViews } from "swetrix";

init("benchmark", { apiURL: `${location.origin}/log`, devMode: true });
trackViews();
trackErrors();
if (CLICKS) next.addEventListener("click", () => track({ ev: "go" }));
