// The shape of an event on the wire; the server knows the same names.

const LONGEST_URL = 2048;
const LONGEST_TITLE = 512;

export function newId() {
  // randomUUID is missing where the page came over plain http.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// The fragment stays here, it is often private; the server decides about the query.
export function cleanUrl(url) {
  return url.split("#")[0].slice(0, LONGEST_URL);
}

export function cleanTitle(title) {
  return title.slice(0, LONGEST_TITLE);
}

function isoTime(timestamp) {
  const date = new Date(timestamp ?? Date.now());
  return (Number.isNaN(date.getTime()) ? new Date() : date).toISOString();
}

function isPlainObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Two spellings are common, so both are understood.
export function trackedName(payload) {
  return String(payload?.eventName || payload?.name || "").trim();
}

export function trackedParams(payload) {
  const params = payload?.params ?? payload?.properties;
  return isPlainObject(params) ? params : {};
}

export function customEvent(payload) {
  return {
    type: "custom",
    event_name: trackedName(payload),
    properties: trackedParams(payload),
    timestamp: isoTime(payload.timestamp),
    message_id: newId(),
  };
}

export function pageviewEvent({ title, timestamp }) {
  return {
    type: "pageview",
    properties: { title },
    timestamp: isoTime(timestamp),
    message_id: newId(),
  };
}
