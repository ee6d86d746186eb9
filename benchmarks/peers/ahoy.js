import ahoy from "ahoy.js";

ahoy.trackView();
ahoy.trackClicks("a");
