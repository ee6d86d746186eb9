"""What settings of a collector have to be like; errors name the cure, and never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ..errors import ConfigurationError


def check_url(collector: str, url: object) -> str:
    """A destination's address, or an error that names the cure."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return str(url)
    except ValueError:  # its text shows the address, and so its password
        pass
    raise ConfigurationError(
        f"{collector}: the url must be absolute, such as https://example.com/events"
    )


def check_text(collector: str, **arguments: object) -> None:
    """Check that the texts which a service cannot do without are there.

    :raises ConfigurationError: naming the first that is not, never its value.
    """
    for name, value in arguments.items():
        if not isinstance(value, str) or not value.strip() or value != value.strip():
            raise ConfigurationError(
                f"{collector}: {name} must be text that is not empty and has no spaces around it: "
                f"copy it from the settings of your project there"
            )


def check_headers(collector: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Headers that can be sent; the error names the header, never its value: it may be a key."""
    for name, value in headers.items():
        if not isinstance(value, str) or not value.isprintable() or value != value.strip():
            raise ConfigurationError(
                f"{collector}: header {name} must be one line of text without spaces around it, "
                f"such as the content of a file after strip()"
            )
    return headers


def flag(text: str) -> bool:
    """What an address says for yes and no.

    :raises KeyError: it is neither.
    """
    return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
