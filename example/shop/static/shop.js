// What the server cannot see: a visitor presses the button of a product. The server learns that
// a form arrived; here we also know from which page, and what the visitor had in view.

// The same module that the snippet loads, so it is loaded once. Without it the shop still works.
const { hooks } = await import(document.body.dataset.analytics);

function tellOfItem({ target: form }) {
  const { product, price, currency } = form.dataset;
  hooks.emit("analytics:track", {
    eventName: "cart.item_added",
    params: { product, price, currency, quantity: Number(form.elements.quantity.value) },
    timestamp: Date.now(),
  });
}

// The form is sent as ever. The module delivers the event while the browser leaves the page.
for (const form of document.querySelectorAll("form[data-product]")) {
  form.addEventListener("submit", tellOfItem);
}
