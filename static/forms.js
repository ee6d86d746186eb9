// Forms that are sent: which one, never what is in it.
import { track } from "./core.js";
import { onEach, trackDeclared } from "./elements.js";
import { isOn } from "./settings.js";

export function watchForms() {
  onEach("submit", (form) => {
    trackDeclared(form);
    // Not its properties: a field may be called name, id or action, too.
    const name = form.getAttribute("name") || form.getAttribute("id") || form.getAttribute("action");
    if (isOn("forms")) track("form_submit", { form: name });
  });
}
