"""Collectors by text, so that a deployment needs no code: ``webhook+https://example.com/x``.

The text is an address: its scheme names the collector, its query holds the options.
"""

from __future__ import annotations

import difflib
import importlib
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from ..errors import ConfigurationError
from .base import Collector, check
from .checks import flag
from .destination import Destination

#: scheme -> the module and the class; loaded when named.
SCHEMES = {
    "stdout": ("stdout", "StdoutCollector"),
    "memory": ("memory", "MemoryCollector"),
    "webhook+http": ("webhook", "WebhookCollector"),
    "webhook+https": ("webhook", "WebhookCollector"),
    "amplitude": ("amplitude", "AmplitudeCollector"),
    "ga4": ("ga4", "GA4Collector"),
    "matomo": ("matomo", "MatomoCollector"),
    "mixpanel": ("mixpanel", "MixpanelCollector"),
    "plausible": ("plausible", "PlausibleCollector"),
    "posthog": ("posthog", "PostHogCollector"),
    "segment": ("segment", "SegmentCollector"),
    "umami": ("umami", "UmamiCollector"),
}

#: Those that need nothing else.
SHORT = ("stdout:", "memory:")

#: Options that every address may carry, and how to read them.
_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "name": str,
    "batch_size": int,
    "batch_bytes": int,
    "flush_interval": float,
    "timeout": float,
    "max_inflight": int,
    "max_age": float,
}

#: Of everything over HTTP.
_HTTP: Mapping[str, Callable[[str], Any]] = {
    **_OPTIONS,
    "ca_file": str,
    "proxy": str,
    "allow_private": flag,
}

#: A webhook's own. The rest stays part of its address.
_WEBHOOK: Mapping[str, Callable[[str], Any]] = {**_HTTP, "secret": str}

#: Those of every service.
_SERVICE: Mapping[str, Callable[[str], Any]] = {
    **_HTTP,
    "endpoint": str,
    "anonymize_ip": flag,
}


def collectors(items: Iterable[object]) -> dict[str, Collector]:
    """Unique names to collectors, from instances and addresses, in order.

    :raises ConfigurationError: an item is neither, or an address cannot be read.
    """
    named: dict[str, Collector] = {}
    for item in items:
        collector = item if isinstance(item, Collector) else from_address(item)
        check(collector)
        name, number = collector.name, 2
        while name in named:
            name, number = f"{collector.name}-{number}", number + 1
        named[name] = collector
    return named


def from_address(address: object) -> Collector:
    """Build a collector of ``scheme:...?option=value``.

    :raises ConfigurationError: naming the scheme or option, never the address: it holds secrets.
    """
    if isinstance(address, type) and issubclass(address, Collector):
        raise ConfigurationError(
            f"ANALYTICS_COLLECTORS: {address.__name__} is a class: give an instance, "
            f"{address.__name__}()"
        )
    if not isinstance(address, str):
        raise ConfigurationError(
            f"ANALYTICS_COLLECTORS: a {type(address).__name__} is no collector. "
            f"Give instances of Collector, or texts such as 'webhook+https://example.com/events'"
        )
    try:
        address.encode()  # bytes of an environment that are no UTF-8
        parts = urlsplit(address)
    except ValueError:  # its text shows the address, and so its password
        raise ConfigurationError("ANALYTICS_COLLECTORS: an address cannot be read") from None
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(f"ANALYTICS_COLLECTORS: {_unknown(address, parts.scheme)}")
    module, name = SCHEMES[parts.scheme]
    kind = getattr(importlib.import_module(f".{module}", __package__), name)
    if parts.scheme.startswith("webhook"):
        return _webhook(kind, parts)
    if issubclass(kind, Destination):
        options = _checked(parts, {**_SERVICE, **kind.address_options})
        return _build(parts.scheme, lambda: kind.from_url(parts, options))
    return _build(parts.scheme, lambda: kind(**_checked(parts, _OPTIONS)))


def _webhook(kind: Any, parts: SplitResult) -> Collector:
    options, rest = _options(parts.query, _WEBHOOK)
    for key, _ in rest:
        _warn_of_typo(key)
    scheme = parts.scheme.removeprefix("webhook+")
    url = urlunsplit((scheme, parts.netloc, parts.path, urlencode(rest), ""))
    return _build("webhook", lambda: kind(url, **options))


def _checked(parts: SplitResult, known: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """The options of an address that has no others."""
    options, rest = _options(parts.query, known)
    for key, _ in rest:
        # Only what is nearly an option is shown: behind a "?" that is not escaped, it is a secret.
        close = difflib.get_close_matches(key, known, 1, cutoff=0.7)
        what = f"{key} is no option, but {close[0]} is" if close else "it has an unknown option"
        raise ConfigurationError(
            f"ANALYTICS_COLLECTORS: {parts.scheme}: {what}. Known are {', '.join(known)}; "
            "in keys and passwords write ? as %3F and & as %26"
        )
    return options


def _unknown(address: str, scheme: str) -> str:
    """What to say of an address that names no collector. Only words: the rest may be secret."""
    word = scheme or (address if address.isidentifier() else "")
    if word + ":" in SHORT:
        return f"write {word + ':'!r}, with its colon"
    if f"webhook+{word}" in SCHEMES:
        return f"write webhook+{word}://... to post events there"
    known = ", ".join(f"{name}:" if f"{name}:" in SHORT else f"{name}://" for name in SCHEMES)
    return f"there is no collector called {word[:40]!r}. Known are {known}"


def _options(
    query: str, known: Mapping[str, Callable[[str], Any]]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The options that are known, read, and what else there is."""
    options: dict[str, Any] = {}
    rest: list[tuple[str, str]] = []
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            rest.append((key, value))
            continue
        try:
            options[key] = known[key](value)
        except (ValueError, KeyError):
            wanted = "true or false" if known[key] is flag else "a number above 0"
            raise ConfigurationError(
                f"ANALYTICS_COLLECTORS: {key} must be {wanted}, not {value[:20]!r}"
            ) from None
    return options, rest


def _warn_of_typo(key: str) -> None:
    """What is no option stays in the address, where a misspelt one would do nothing."""
    if close := difflib.get_close_matches(key, _WEBHOOK, 1, cutoff=0.85):
        warnings.warn(
            f"ANALYTICS_COLLECTORS: {key} is no option: did you mean {close[0]}?", stacklevel=6
        )


def _build(scheme: str, make: Callable[[], Collector]) -> Collector:
    try:
        return make()
    except (TypeError, ConfigurationError) as error:
        text = str(error).removeprefix(f"{scheme}: ")
        raise ConfigurationError(f"ANALYTICS_COLLECTORS: {scheme}: {text}") from None
