"""The ANALYTICS_* settings: one table, read once, checked, frozen.

Every setting can also come from the environment as ``FLASK_ANALYTICS_*``, through Flask's own
``app.config.from_prefixed_env()``.
"""

from __future__ import annotations

import difflib
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import ConfigurationError

PREFIX = "ANALYTICS_"

Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and so many at once."""

    per_second: float
    burst: int

    @property
    def seconds(self) -> int:
        """The window that ``burst`` is the most of, in whole seconds."""
        return math.ceil(self.burst / self.per_second)


@dataclass(frozen=True, slots=True)
class Browser:
    """How the module behaves in pages."""

    #: ``full`` or ``core``.
    build: str
    #: What the snippet's tag says, without ``data-``; an empty text is a switch that is on.
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What this application asked for. Built by ``read``; nothing changes it afterwards."""

    enabled: bool
    collectors: tuple[Any, ...] = field(repr=False)
    store: str | None = field(repr=False)  # its address may hold a password
    dir: str | None
    durability: str | None
    fsync: str | None
    url_prefix: str
    browser_prefix: str
    browser: Browser
    write_keys: Mapping[str, str] = field(repr=False)
    read_tokens: Mapping[str, str] = field(repr=False)
    cors_origins: tuple[str, ...]
    exclude: tuple[str, ...]
    visitor_id: str | None
    gpc: str
    dnt: str
    retention_days: int
    trusted_hosts: tuple[str, ...] | None
    queue_events: int
    queue_bytes: int
    shutdown_timeout: float
    sigterm: bool
    ingest_rate: Rate | None
    ingest_total: Rate | None
    ingest_storage: str = field(repr=False)  # its address may hold a password


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: the check returns the value to use or raises ValueError."""

    default: Any
    check: Check
    #: What a right value looks like; ends the error message.
    cure: str


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("must be a whole number above 0")


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 3600:
        return float(value)
    raise ValueError("must be seconds, 0 to 3600")


def _optional(check: Check) -> Check:
    return lambda value: None if value is None or value == "" else check(value)


def _text(value: Any) -> str:
    if isinstance(value, str) or hasattr(value, "__fspath__"):
        return str(value)
    raise ValueError("must be text")


def _one_of(*words: str) -> Check:
    def check(value: Any) -> str:
        if value in words:
            return str(value)
        raise ValueError(f"must be one of {', '.join(words)}")

    return check


def _prefix(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or not value.strip("/"):
        raise ValueError("must be a path that starts with / and is not / alone")
    return value.rstrip("/")


def _list(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(value)
    raise ValueError("must be a list")


def _texts(value: Any) -> tuple[str, ...]:
    items = _list(value)
    if all(isinstance(item, str) and item for item in items):
        return items
    raise ValueError("must be a list of texts")


#: As browsers write it: capitals and the scheme's own port never stand in it.
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]+)?").fullmatch


def _origins(value: Any) -> tuple[str, ...]:
    origins = _texts(value)
    if all(_ORIGIN(origin) for origin in origins):
        return origins
    raise ValueError("must be a list of origins: scheme, host, port, in small letters, no path")


def _keys(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a dict of name to key")
    for name, key in value.items():
        if not (isinstance(name, str) and isinstance(key, str) and name and key):
            raise ValueError("must be a dict of name to key, both texts that are not empty")
    return dict(value)


#: Stores that need no address, and those that do.
_HERE = ("embedded", "memory")
_ELSEWHERE = ("clickhouse", "clickhouses", "chdb")


def _store(value: Any) -> str:
    text = _text(value)
    scheme, colon, rest = text.partition(":")
    if colon and ((scheme in _HERE and not rest) or (scheme in _ELSEWHERE and rest[2:])):
        return text
    raise ValueError("must be embedded:, memory:, clickhouse://host/database or None")


def _rate(value: Any) -> Rate:
    if isinstance(value, Rate):
        return value
    words = str(value).replace(",", " ").split()
    try:
        count, _, unit = words[0].partition("/")
        burst = int(words[words.index("burst") + 1]) if "burst" in words else int(count)
        if unit in ("", "second") and 0 < int(count) <= burst:
            return Rate(float(count), burst)
    except (ValueError, IndexError):
        pass
    raise ValueError("must be a rate, with a burst that is not less")


#: Events of one body: a total that takes fewer at once would never take it.
_BODY = 100


def _total(value: Any) -> Rate:
    rate = _rate(value)
    if rate.burst < _BODY:
        raise ValueError(f"must be a rate with a burst of {_BODY} or more: a body has so many")
    return rate


_STORAGE = re.compile(r"memory://|rediss?://.+|redis\+unix://.+").fullmatch


def _storage(value: Any) -> str:
    text = _text(value)
    if _STORAGE(text):
        return text
    raise ValueError("must be memory://, redis://host:port/number, rediss:// or redis+unix://")


def _number(lowest: float, highest: float) -> Check:
    def check(value: Any) -> str:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and lowest <= value <= highest:
            return f"{value:g}"
        raise ValueError(f"must be a number from {lowest:g} to {highest:g}")

    return check


def _behaviours(value: Any) -> str:
    names = _texts(value)
    if wrong := [name for name in names if name not in BEHAVIOURS]:
        raise ValueError(f"knows {', '.join(BEHAVIOURS)}, not {', '.join(wrong)}")
    return " ".join(names)


#: What the module notices by itself, and ``off`` may name.
BEHAVIOURS = ("views", "engagement", "errors", "links", "rage", "forms")

#: The options of ANALYTICS_BROWSER. True is an attribute without a value.
BROWSER: Mapping[str, Check] = {
    "build": _one_of("full", "core"),
    "flush": _number(0.1, 3600),
    "batch": _number(1, 100),
    "off": _behaviours,
    "consent": _one_of("required"),
    "gpc": _one_of("ignore"),
    "dnt": _bool,
    "hash": _bool,
    "vitals": _bool,
    "offline": _bool,
}


def _browser(value: Any) -> Browser:
    if not isinstance(value, Mapping):
        raise ValueError("must be a dict of options")
    attributes: dict[str, str] = {}
    for name, wish in value.items():
        if name not in BROWSER:
            raise ValueError(f"has no option {name!r}, only {', '.join(BROWSER)}")
        try:
            checked = BROWSER[name](wish)
        except ValueError as error:
            raise ValueError(f"[{name!r}] {error}") from None
        if checked is not False:
            attributes[name] = "" if checked is True else checked
    return Browser(attributes.pop("build", "full"), attributes)


#: Every setting, once. The name in the configuration is ANALYTICS_ and the key in capitals.
TABLE: Mapping[str, Setting] = {
    "enabled": Setting(True, _bool, "False switches every event off"),
    "collectors": Setting((), _list, '["stdout:", "webhook+https://example.com/events"]'),
    "store": Setting("embedded:", _optional(_store), '"embedded:", or None for no store'),
    "dir": Setting(None, _optional(_text), "a folder this process may write"),
    "durability": Setting(
        None, _optional(_one_of("journal", "memory")), '"journal" or "memory", or leave it out'
    ),
    "fsync": Setting(
        None,
        _optional(_one_of("interval", "always")),
        '"interval", "always", or leave it out: a killed process loses nothing without',
    ),
    "url_prefix": Setting("/analytics", _prefix, '"/analytics"'),
    "browser_prefix": Setting("/_a", _prefix, '"/_a"'),
    "browser": Setting({}, _browser, '{"vitals": True, "off": ["forms"]}'),
    "write_keys": Setting({}, _keys, '{"mobile": "a-long-random-key"}'),
    "read_tokens": Setting({}, _keys, '{"reports": "sha256:..."}'),
    "cors_origins": Setting((), _origins, '["https://app.example.com"]'),
    "exclude": Setting((), _texts, '["/health", "/internal/*"]'),
    "visitor_id": Setting("daily", _optional(_one_of("daily")), '"daily", or None for no id'),
    "gpc": Setting("forward", _one_of("forward", "all", "ignore"), '"forward", "all" or "ignore"'),
    "dnt": Setting("ignore", _one_of("forward", "all", "ignore"), '"forward", "all" or "ignore"'),
    "retention_days": Setting(395, _whole, "395"),
    "trusted_hosts": Setting(None, _optional(_texts), '["example.com", ".example.org"]'),
    "queue_events": Setting(100_000, _whole, "100000"),
    "queue_bytes": Setting(64 * 1024 * 1024, _whole, "67108864, which is 64 MiB"),
    "shutdown_timeout": Setting(5.0, _seconds, "5"),
    "sigterm": Setting(False, _bool, "True, for flask run and waitress"),
    "ingest_rate": Setting("10/second burst 50", _optional(_rate), '"10/second burst 50"'),
    "ingest_total": Setting(
        "1000/second burst 10000", _optional(_total), '"1000/second burst 10000"'
    ),
    "ingest_storage": Setting("memory://", _storage, '"redis://localhost:6379/0"'),
}


def read(config: Mapping[str, Any]) -> Settings:
    """Check every ANALYTICS_* entry of a Flask configuration.

    :raises ConfigurationError: naming the setting, what it was given and what to write instead.
    """
    _warn_of_typos(config)
    values = {key: _checked(key, row, config) for key, row in TABLE.items()}
    if values["trusted_hosts"] is None:
        values["trusted_hosts"] = _optional(_texts)(config.get("TRUSTED_HOSTS"))
    if values["url_prefix"] == values["browser_prefix"]:
        raise ConfigurationError(
            "ANALYTICS_URL_PREFIX and ANALYTICS_BROWSER_PREFIX must differ: "
            'leave both out, or use "/analytics" and "/_a"'
        )
    return Settings(**values)


def _checked(key: str, row: Setting, config: Mapping[str, Any]) -> Any:
    name = PREFIX + key.upper()
    value = config.get(name, row.default)
    try:
        return row.check(value)
    except ValueError as error:
        raise ConfigurationError(
            f"{name} {error}, not {_shape(key, value)}. Write for example {name} = {row.cure}"
        ) from None


def _shape(key: str, value: Any) -> str:
    """How a wrong value is shown: never the keys of a machine, never a whole page."""
    if key == "store" and isinstance(value, str):
        scheme, colon, _ = value.partition(":")
        if scheme in (*_HERE, *_ELSEWHERE) or (colon and scheme.isidentifier()):
            return repr(scheme[:20] + (":..." if colon else ""))
    if key in ("write_keys", "read_tokens", "collectors", "store", "ingest_storage"):
        return f"a {type(value).__name__}"
    return repr(value)[:80]


def _warn_of_typos(config: Mapping[str, Any]) -> None:
    known = {field.name.upper() for field in fields(Settings)}
    for name in config:
        key = name.removeprefix(PREFIX) if isinstance(name, str) else name
        if key == name or key in known:
            continue
        close = difflib.get_close_matches(key, known, 1, cutoff=0.8)
        if close:
            warnings.warn(f"{name} is no setting: did you mean {PREFIX}{close[0]}?", stacklevel=5)
