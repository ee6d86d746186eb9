// Parts that few pages need are files of their own, beside this module and under the same hash.

export async function load(name, ...args) {
  const { begin } = await import(import.meta.url.replace(/a(\.\w+\.js)$/, name + "$1"));
  begin(...args);
}
