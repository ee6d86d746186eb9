// What an event on the wire is made of; the server knows the same names.

const LONGEST_URL = 2048;

// Query keys that may leave the page; anything else may be a token or a person's data.
const PUBLIC_KEY = /^(utm_\w+|ref|source)=/;

export function newId() {
  // randomUUID is missing over plain http; the address of a blob ends with an id of the same kind.
  return crypto.randomUUID?.() || URL.createObjectURL(new Blob()).slice(-36);
}

export function cleanUrl(address) {
  const [base, query = ""] = address.split(/[?#]/);
  const kept = query.split("&").filter((pair) => PUBLIC_KEY.test(pair));
  return (base + (kept[0] ? "?" + kept.join("&") : "")).slice(0, LONGEST_URL);
}
