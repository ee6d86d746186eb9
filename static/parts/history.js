// Navigations inside the page, for browsers without the Navigation API.

export function begin(navigated) {
  for (const method of ["pushState", "replaceState"]) {
    const original = history[method];
    history[method] = function (...args) {
      const result = original.apply(this, args);
      navigated();
      return result;
    };
  }
  addEventListener("popstate", navigated);
  navigated(); // one that came before this file
}
