// Parts that few pages need are files of their own, beside this module and under the same hash.

export async function load(name, ...args) {
  const url = import.meta.url; // .../a.<16 digits>.js
  const { begin } = await import(url.slice(0, -21) + name + url.slice(-20));
  begin(...args);
}
