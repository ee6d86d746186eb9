"""What settings of a collector have to be like; errors name the cure, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..errors import ConfigurationError

#: What no host's name has; urlsplit lets it pass.
_NO_HOST = re.compile(r"[\s,;<>\"]")

#: The name of a header (https://www.rfc-editor.org/rfc/rfc9110, section 5.6.2).
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def check_url(collector: str, url: object) -> str:
    """An address of yours, or an error that names the cure."""
    if not _is_absolute(url):
        raise ConfigurationError(
            f"{collector}: the url must be absolute, such as https://example.com/events"
        )
    return str(url)


def check_endpoint(collector: str, endpoint: object) -> str:
    """A service's base address, to which paths are added, without a slash at its end."""
    if not _is_absolute(endpoint) or "?" in str(endpoint) or "#" in str(endpoint):
        raise ConfigurationError(
            f"{collector}: endpoint must be the server's absolute address without ? and #, such "
            f"as https://example.com"
        )
    return str(endpoint).rstrip("/")


#: Instead of an address: those of the environment.
ENVIRONMENT = "environment"


def check_proxy(collector: str, proxy: object) -> str | None:
    """The address of a proxy, or the word for those of the environment; the error never shows
    it: it may have a password."""
    if proxy is None or proxy == ENVIRONMENT:
        return proxy
    is_plain = isinstance(proxy, str) and proxy.lower().startswith("http://")
    if not is_plain or not _is_absolute(proxy) or urlsplit(str(proxy)).path.strip("/"):
        raise ConfigurationError(
            f"{collector}: proxy must be http://host:port, or {ENVIRONMENT!r} for HTTP_PROXY, "
            f"HTTPS_PROXY and NO_PROXY"
        )
    return str(proxy)


def _is_absolute(url: object) -> bool:
    if not isinstance(url, str) or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_host = bool(host) and not _NO_HOST.search(host)
        return parts.scheme in ("http", "https") and is_host and parts.port != 0
    except ValueError:  # its text shows the address, and so its password
        return False


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
    if not isinstance(headers, Mapping):
        raise ConfigurationError(f'{collector}: headers must be a dict, such as {{"X-Team": "a"}}')
    for name, value in headers.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ConfigurationError(
                f"{collector}: {name!r} is no name of a header: letters, digits and - only"
            )
        if not _is_line(value):
            raise ConfigurationError(
                f"{collector}: header {name} must be one line of Latin text without spaces around "
                f"it, such as the content of a file after strip()"
            )
    return headers


def _is_line(value: object) -> bool:
    """Whether it can be the value of a header: http.client writes it as Latin-1."""
    if not isinstance(value, str) or not value.isprintable() or value != value.strip():
        return False
    return not value or max(value) <= "\xff"


def flag(text: str) -> bool:
    """What an address says for yes and no.

    :raises KeyError: it is neither.
    """
    return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
