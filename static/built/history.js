function t(t){for(const o of["pushState","replaceState"]){const e=history[o];history[o]=function(...o){const n=e.apply(this,o);return t(),n}}addEventListener("popstate",t),t()}export{t as begin};
