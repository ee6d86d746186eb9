// Parts that few pages need are files of their own, beside this module and under the same hash.

export function load(name, ...args) {
  const url = import.meta.url; // .../a.<16 digits>.js
  import(url.slice(0, -21) + name + url.slice(-20)).then(
    ({ begin }) => begin(...args),
    () => {}, // no network: nothing that the page could help, and no error of its own
  );
}
