"""What Google Analytics 4 calls things, and how long they may be: pure functions.

Sources: https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events
(limitations), .../ga4/reference (reserved names) and
https://support.google.com/analytics/answer/9267744 (lengths of values).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Mapping
from decimal import Decimal
from typing import Any

from .clip import Cuts, as_text, clip, take

#: Characters of a name and of a value (sending-events, "Limitations").
MAX_NAME = 40
MAX_VALUE = 100

#: The values that may be longer, in characters (answer/9267744, "Event parameter value length").
LONG_VALUES = {"page_location": 1000, "page_referrer": 420, "page_title": 300}

#: Parameters of an event (sending-events, "Limitations").
MAX_PARAMS = 25

#: User properties, characters of their names and of their values (the same).
MAX_USER_PROPERTIES = 25
MAX_USER_NAME = 24
MAX_USER_VALUE = 36

#: Things that were bought (reference/events, "items"), and parameters of each beyond Google's own
#: (sending-events, "Limitations").
MAX_ITEMS = 200
MAX_ITEM_CUSTOM = 10


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Names that nobody else may use (reference, "Reserved names"); the last three are for apps only.
EVENTS = _names(
    "ad_activeview ad_click ad_exposure ad_query ad_reward adunit_exposure app_clear_data "
    "app_exception app_install app_remove app_store_refund app_update app_upgrade "
    "dynamic_link_app_open dynamic_link_app_update dynamic_link_first_open error "
    "firebase_campaign firebase_in_app_message_action firebase_in_app_message_dismiss "
    "firebase_in_app_message_impression first_open first_visit notification_dismiss "
    "notification_foreground notification_open notification_receive notification_send os_update "
    "session_start user_engagement ad_impression in_app_purchase screen_view"
)
#: The second is no reserved name, but would date the event anew.
PARAMS = frozenset({"firebase_conversion", "timestamp_micros"})
USER_PROPERTIES = _names(
    "first_open_time first_visit_time last_deep_link_referrer user_id first_open_after_install"
)
_PREFIXES = ("_", "firebase_", "ga_", "google_")

#: Traits that tell who somebody is. Google's terms forbid to send them
#: (https://support.google.com/analytics/answer/6366371).
PERSONAL = _names(
    "name email phone username address birthday avatar firstName lastName first_name last_name"
)

#: Parameters of an item that have a meaning of Google's (reference/events, "purchase").
_ITEM = _names(
    "item_id item_name affiliation coupon creative_name creative_slot discount index item_brand "
    "item_category item_category2 item_category3 item_category4 item_category5 item_list_id "
    "item_list_name item_variant location_id price promotion_id promotion_name quantity"
)

_NO_SIGN = re.compile(r"[^A-Za-z0-9_]")


def fit_name(text: str, cuts: Cuts, taken: Container[str] = (), most: int = MAX_NAME) -> str:
    """A name of letters, digits and underscores that begins with a letter and is nobody else's:
    what is wrong becomes an underscore, and ``x_`` goes before it."""
    fitted = _NO_SIGN.sub("_", text)
    if not fitted.strip("_"):  # nothing is left by which to tell it from another
        fitted = hashlib.blake2b(text.encode(errors="replace"), digest_size=6).hexdigest()
        fitted = f"x_{fitted}"
    if not fitted[0].isalpha() or fitted in taken or fitted.startswith(_PREFIXES):
        fitted = f"x_{fitted.lstrip('_')}"
    fitted = fitted[:most]
    if fitted != text:
        cuts.append("name")
    return fitted


def fit_value(name: str, value: Any, cuts: Cuts) -> Any:
    """A number as it is; anything else as text that is not too long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return value
    return clip(as_text(value), LONG_VALUES.get(name, MAX_VALUE), cuts, name)


def fit_params(own: Mapping[str, Any], said: Mapping[str, Any], cuts: Cuts) -> dict[str, Any]:
    """The parameters of an event.

    :param own: what this package says, in Google's words; nothing of it is too much.
    :param said: what the application says in its own: it takes precedence.
    """
    found = {key: _own(key, value, cuts) for key, value in own.items() if value is not None}
    names: set[str] = set()
    for key, value in said.items():
        if value is None:
            continue
        taken = PARAMS if key != "items" or _are_items(value) else {"items"}
        name = fit_name(key, cuts, taken)
        if name in names:
            cuts.append("properties")  # another one looks the same by now
        names.add(name)
        found[name] = _own(name, value, cuts)
    return take(found, MAX_PARAMS, cuts, "properties")


def _own(name: str, value: Any, cuts: Cuts) -> Any:
    return _items(value, cuts) if name == "items" else fit_value(name, value, cuts)


def _are_items(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _items(value: list[dict[str, Any]], cuts: Cuts) -> list[dict[str, Any]]:
    if len(value) > MAX_ITEMS:
        cuts.append("items")
    return [_item(item, cuts) for item in value[:MAX_ITEMS]]


def _item(item: dict[str, Any], cuts: Cuts) -> dict[str, Any]:
    known = {key: value for key, value in item.items() if key in _ITEM}
    custom = {key: value for key, value in item.items() if key not in _ITEM}
    kept = {**known, **take(custom, MAX_ITEM_CUSTOM, cuts, "items")}
    return {
        fit_name(key, cuts): fit_value(key, value, cuts)
        for key, value in kept.items()
        if value is not None
    }


def fit_user_properties(traits: Mapping[str, Any], cuts: Cuts) -> dict[str, Any]:
    """Traits as user properties, without those that tell who somebody is."""
    found: dict[str, Any] = {}
    for key, value in traits.items():
        if key in PERSONAL:
            cuts.append("personal_traits")
        elif value is not None:
            name = fit_name(key, cuts, USER_PROPERTIES, MAX_USER_NAME)
            text = fit_value(name, value, cuts)
            if isinstance(text, str):
                text = clip(text, MAX_USER_VALUE, cuts, "traits")
            found[name] = {"value": text}
    return take(found, MAX_USER_PROPERTIES, cuts, "traits")
