"""Two months of a shop that never was: the same for the same seed and the same now."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from example.shop.catalogue import CURRENCY, PRODUCTS, Product
from flask_analytics import Event, EventType, Revenue
from flask_analytics.event import Source
from flask_analytics.ids import Ids

#: Thirty to look at, and thirty to compare them with.
DAYS = 60

#: Visits on a day without anything special.
VISITS = 190

#: What each hour of the day has of them.
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 12, 13, 12, 12, 13, 14, 15, 16, 18, 20, 17, 11, 5)

_IOS = "CPU iPhone OS 18_1 like Mac OS X"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"

#: User agent -> how many have it.
AGENTS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36": 34,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15": 14,
    f"Mozilla/5.0 (iPhone; {_IOS}) {_SAFARI} Mobile/15E148 Safari/604.1": 27,
    f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36": 21,
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": 8,
    f"Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1": 5,
}

#: Referrer, query, how many come that way.
WAYS = (
    (None, "", 38),
    ("https://www.google.com/", "", 30),
    ("https://duckduckgo.com/", "", 7),
    ("https://www.reddit.com/r/fountainpens/", "", 8),
    ("https://news.ycombinator.com/", "", 4),
    (None, "?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-letter", 10),
    ("https://www.instagram.com/", "?utm_source=instagram&utm_medium=social&utm_campaign=desk", 6),
)

PLACES = (("DE", "de-DE", 34), ("AT", "de-AT", 9), ("FR", "fr-FR", 15), ("GB", "en-GB", 18),
          ("NL", "nl-NL", 8), ("US", "en-US", 16))  # fmt: skip

QUERIES = ("ink", "pen", "a5", "envelopes", "gift", "pencil 4b", "ruler")

ERRORS = (
    ("TypeError: Cannot read properties of null (reading 'focus')", "/static/shop.js", 12),
    ("ReferenceError: cartCount is not defined", "/static/shop.js", 4),
    ("NetworkError when attempting to fetch resource.", "/static/shop.js", 2),
)


class Visitor:
    """Somebody who comes, with what stays the same during a visit."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.agent = chance.choices(list(AGENTS), list(AGENTS.values()))[0]
        self.country, self.locale, _ = chance.choices(PLACES, [n for *_, n in PLACES])[0]
        self.user = f"customer-{number:04d}"
        self.plan = chance.choices(("guest", "regular", "club"), (5, 3, 1))[0]
        #: Whether they log in.
        self.is_known = chance.random() < 0.45


class Visit:
    """One visit: its events, one after the other."""

    def __init__(
        self, chance: random.Random, visitor: Visitor, at: datetime, new_id: Callable[..., str]
    ) -> None:
        self._chance, self._visitor, self._at, self._new_id = chance, visitor, at, new_id
        day = f"{at:%Y%m%d}"
        self._anonymous = f"{visitor.user}-{day}"
        referrer, query, _ = chance.choices(WAYS, [n for *_, n in WAYS])[0]
        self._came: tuple[str | None, str] = (referrer, query)
        self._product: Product = chance.choices(PRODUCTS, range(len(PRODUCTS) + 1, 1, -1))[0]

    def events(self) -> Iterator[Event]:
        """What the visitor does, until they leave."""
        chance = self._chance
        yield from self._page("/", "/")
        if self._visitor.is_known:
            traits = {"plan": self._visitor.plan, "country": self._visitor.country}
            yield self._event(EventType.IDENTIFY, traits=traits)
        if chance.random() < 0.3:
            self._wait(4, 30)
            query = chance.choice(QUERIES)
            own = {"query_length": len(query), "results": chance.randrange(6)}
            yield self._event(
                EventType.CUSTOM, event_name="search.submitted", properties=own,
                **self._request("/search", "/search"),
            )  # fmt: skip
        if chance.random() < 0.72:
            yield from self._shopping()

    def _shopping(self) -> Iterator[Event]:
        chance, slug = self._chance, self._product.slug
        yield from self._page(f"/product/{slug}", "/product/<slug>")
        if chance.random() < 0.38:
            yield self._action("/cart/add", "shop.add_to_cart", product=slug)
            yield from self._page("/cart", "/cart")
            if chance.random() < 0.12:
                yield self._action("/cart/remove", "shop.remove_from_cart", product=slug)
            elif chance.random() < 0.5:
                yield from self._purchase()
        elif chance.random() < 0.06:
            yield from self._page("/product/blotting-paper", None, 404)

    def _purchase(self) -> Iterator[Event]:
        chance = self._chance
        self._wait(15, 90)
        if chance.random() < 0.03:
            yield self._action("/checkout", "shop.checkout", status=502)
            return
        count = chance.choices((1, 2, 3), (6, 3, 1))[0]
        amount = self._product.price * count
        yield self._event(
            EventType.CUSTOM,
            event_name="purchase",
            action_name="shop.checkout",
            revenue=Revenue(Decimal(amount), CURRENCY),
            properties={"item_count": count, "product": self._product.slug,
                        "plan": self._visitor.plan},
            **self._request("/checkout", "/checkout", "POST", 302),
        )  # fmt: skip
        yield from self._page("/thanks/<order>", "/thanks/<order>")

    def _page(self, path: str, route: str | None, status: int = 200) -> Iterator[Event]:
        self._wait(3, 50)
        yield self._event(EventType.PAGEVIEW, **self._request(path, route, "GET", status))
        self._came = (None, "")
        if self._chance.random() < 0.8:
            self._wait(2, 60)
            own = {"engaged_seconds": round(self._chance.lognormvariate(2.6, 0.8), 1),
                   "scroll_percent": self._chance.choice((25, 50, 75, 100))}  # fmt: skip
            yield self._browser("engagement", path, **own)
        if self._chance.random() < 0.008:
            message, file, line = self._chance.choices(ERRORS, (6, 3, 1))[0]
            yield self._browser("js_error", path, message=message, file=file, line=line)

    def _action(self, path: str, endpoint: str, status: int = 302, **own: Any) -> Event:
        self._wait(2, 20)
        return self._event(
            EventType.ACTION, action_name=endpoint, properties=own,
            **self._request(path, path, "POST", status),
        )  # fmt: skip

    def _browser(self, name: str, path: str, **own: Any) -> Event:
        return self._event(
            EventType.CUSTOM, event_name=name, source=Source.BROWSER, path=path, properties=own
        )

    def _request(
        self, path: str, route: str | None, method: str = "GET", status: int = 200
    ) -> dict[str, Any]:
        slow = 5 if route == "/checkout" else 2.5 if route == "/search" else 1
        referrer, query = self._came
        return {
            "path": path, "matched_pattern": route, "method": method, "status_code": status,
            "url": f"https://shop.example{path}{query}", "referrer": referrer,
            "duration": round(0.012 * slow * self._chance.lognormvariate(0, 0.6), 5),
        }  # fmt: skip

    def _event(self, type: EventType, **fields: Any) -> Event:
        user = self._visitor.user if self._visitor.is_known else None
        return Event(
            message_id=self._new_id(self._at.timestamp()),
            type=type,
            timestamp=self._at,
            user_id=user,
            anonymous_id=self._anonymous,
            hostname="shop.example",
            locale=self._visitor.locale,
            user_agent=self._visitor.agent,
            context={"country": self._visitor.country},
            **fields,
        )

    def _wait(self, least: float, most: float) -> None:
        self._at += timedelta(seconds=self._chance.uniform(least, most))


class History:
    """Makes visits.

    :param now: when the history ends, UTC; default: now.
    :param scale: 1 is some 1,200 events a day.
    """

    def __init__(self, now: datetime | None = None, scale: float = 1.0, seed: int = 7) -> None:
        self._now = now or datetime.now(UTC)
        self._scale = scale
        self._chance = random.Random(seed)
        self._visitors: list[Visitor] = []
        self._ids = Ids()

    def past(self) -> list[Event]:
        """All that happened until now, by time."""
        events = [event for day in self.days() for event in day]
        return sorted(events, key=lambda event: (event.timestamp, event.message_id))

    def days(self) -> Iterator[list[Event]]:
        """The same day by day, for whoever wants more of it than memory holds."""
        first = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        for back in range(DAYS - 1, -1, -1):
            events = self._day(first - timedelta(back), DAYS - back)
            yield [event for event in events if event.timestamp and event.timestamp <= self._now]

    def moment(self) -> list[Event]:
        """A visit that happens now, all at once."""
        events = list(self._visit(datetime.now(UTC)))
        ahead = (events[-1].timestamp or self._now) - datetime.now(UTC)
        for event in events:
            event.timestamp = (event.timestamp or self._now) - ahead
        return events

    def _day(self, day: datetime, number: int) -> list[Event]:
        """Growing a little, quiet at weekends, with a letter to customers every second week."""
        count = VISITS * self._scale * (0.75 + number / DAYS / 2) * self._chance.uniform(0.88, 1.12)
        count *= 0.72 if day.weekday() >= 5 else 1.45 if number % 14 == 9 else 1
        events: list[Event] = []
        for _ in range(round(count)):
            hour = self._chance.choices(range(24), HOURS)[0]
            at = day + timedelta(hours=hour, seconds=self._chance.uniform(0, 3600))
            events += self._visit(at)
        return events

    def _visit(self, at: datetime) -> list[Event]:
        if self._visitors and self._chance.random() < 0.4:
            # Who came lately comes sooner again.
            visitor = self._visitors[int(len(self._visitors) * self._chance.random() ** 0.25)]
        else:
            visitor = Visitor(self._chance, len(self._visitors) + 1)
            self._visitors.append(visitor)
        return list(Visit(self._chance, visitor, at, self._id).events())

    def _id(self, at: float) -> str:
        return self._ids.write(self._ids.draw(), at)
