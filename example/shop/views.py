"""The pages of the shop.

Each page is an event by itself. Where a view knows more than its address tells, it says so:
see ``search`` and ``checkout``. What only the browser sees is in ``static/shop.js``.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from flask_analytics import add_property, set_event_name, set_revenue

from . import catalogue
from .cart import MOST, Cart

shop = Blueprint("shop", __name__)


@shop.app_context_processor
def template_values() -> dict[str, Any]:
    """Give every template the visitor's cart: its count stands in the head of each page."""
    return {"cart": Cart(session), "currency": catalogue.CURRENCY, "most": MOST}


@shop.get("/")
def home() -> str:
    """All that there is."""
    return render_template("catalogue.html", products=catalogue.PRODUCTS)


@shop.get("/product/<slug>")
def product(slug: str) -> str:
    """One product. Its event carries the pattern ``/product/<slug>`` next to the path."""
    return render_template("product.html", product=_product(slug))


@shop.get("/search")
def search() -> str:
    """What the visitor looks for. The page view becomes the event ``search.submitted``."""
    query = request.args.get("q", "").strip()
    found = catalogue.search(query)
    if query:
        set_event_name("search.submitted")
        add_property("query_length", len(query))  # its words may be private, its length is not
        add_property("results", len(found))
    return render_template("search.html", query=query, products=found)


@shop.get("/cart")
def show_cart() -> str:
    """What the visitor has chosen."""
    return render_template("cart.html")


@shop.post("/cart/add")
def add_to_cart() -> Response:
    """Put a product into the cart."""
    chosen = _product(request.form.get("product", ""))
    quantity = request.form.get("quantity", 1, type=int)
    Cart(session).add(chosen, max(1, quantity))
    flash(f"{chosen.name} is in your cart.")
    return redirect(url_for("shop.show_cart"))


@shop.post("/cart/remove")
def remove_from_cart() -> Response:
    """Take a product out of the cart."""
    unwanted = _product(request.form.get("product", ""))
    Cart(session).remove(unwanted)
    flash(f"{unwanted.name} is out of your cart.")
    return redirect(url_for("shop.show_cart"))


@shop.post("/checkout")
def checkout() -> Response:
    """Buy. The action becomes the event ``purchase``, with the money it brought."""
    cart = Cart(session)
    if not cart.count:
        return redirect(url_for("shop.show_cart"))
    order = secrets.token_hex(4).upper()

    set_event_name("purchase")
    set_revenue(cart.total, catalogue.CURRENCY)
    add_property("order_id", order)
    add_property("item_count", cart.count)

    session["order"] = {"id": order, "total": str(cart.total), "count": cart.count}
    cart.clear()
    return redirect(url_for("shop.thanks", order=order))


@shop.get("/thanks/<order>")
def thanks(order: str) -> str:
    """The receipt, for the visitor who bought and nobody else."""
    bought = session.get("order", {})
    if bought.get("id") != order:
        abort(404)
    return render_template("thanks.html", order=bought)


def _product(slug: str) -> catalogue.Product:
    found = catalogue.find(slug)
    if found is None:
        abort(404)
    return found
