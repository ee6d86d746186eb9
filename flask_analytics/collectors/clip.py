"""Makes values fit a destination: pure functions, each of which names what it had to cut.

``cuts`` collects the names; the lane counts them as ``trimmed`` when the event is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import msgspec

#: What an event had to lose, by name.
Cuts = list[str]


def clip(text: str, most: int, cuts: Cuts, name: str) -> str:
    """A text of at most so many characters."""
    if len(text) <= most:
        return text
    cuts.append(name)
    return text[:most]


def clip_bytes(text: str, most: int, cuts: Cuts, name: str) -> str:
    """A text of at most so many bytes of UTF-8; no character is cut in two."""
    if len(text) * 4 <= most or len(coded := text.encode()) <= most:
        return text
    cuts.append(name)
    return coded[:most].decode(errors="ignore")


def take(values: Mapping[str, Any], most: int, cuts: Cuts, name: str) -> dict[str, Any]:
    """The first so many entries."""
    if len(values) > most:
        cuts.extend([name] * (len(values) - most))
    return dict(list(values.items())[:most])


def as_text(value: Any) -> str:
    """A value as text: numbers as JSON writes them, lists and objects as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def scalars(values: Mapping[str, Any], cuts: Cuts, name: str) -> Iterator[tuple[str, Any]]:
    """The entries that are text, a number or a boolean; the others are cut. None is no value."""
    for key, value in values.items():
        if isinstance(value, (str, int, float)):
            yield key, value
        elif value is not None:
            cuts.append(name)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The entries of nested objects under joined keys (``address.city``)."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def whole_ip(address: str | None) -> str | None:
    """The address itself; None of what is no address: some services fail over it. Without the zone
    of a link-local one, which may be any text (``fe80::1%eth0``), and means nothing elsewhere."""
    bare = (address or "").partition("%")[0]
    try:
        ip_address(bare)
    except ValueError:
        return None
    return bare


def trimmed_ip(address: str | None) -> str | None:
    """The network of an address, /24 of IPv4 and /48 of IPv6; None of what is no address."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    length = 24 if isinstance(parsed, IPv4Address) else 48
    return str(ip_network(f"{parsed}/{length}", strict=False).network_address)
