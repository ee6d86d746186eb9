"""Read tokens, write keys, and pages of other sites that may send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..web.keys import HASHED, digests
from .finding import OK, PROBLEM, WARNING, Finding, Patient
from .secret import weakness

NAME = "keys"

_HASH = "printf %s THE_TOKEN | sha256sum"


def check(patient: Patient) -> Iterator[Finding]:
    """Whether they are long, hashed, and each for one thing."""
    settings = patient.state.settings
    both = (("ANALYTICS_READ_TOKENS", settings.read_tokens),
            ("ANALYTICS_WRITE_KEYS", settings.write_keys))  # fmt: skip
    found = [*_weak(both), *_plain(settings.read_tokens), *_shared(both),
             *_origins(settings.cors_origins)]  # fmt: skip
    count = sum(len(keys) for _, keys in both)
    text = f"{count} of tokens and keys, none of them weak." if count else "No tokens and no keys."
    yield from found or [Finding(NAME, OK, text)]


def _weak(both: tuple[tuple[str, Mapping[str, str]], ...]) -> Iterator[Finding]:
    for setting, keys in both:
        for name, key in keys.items():
            fault = None if key.startswith(HASHED) else weakness(key)
            if fault:
                yield Finding(
                    NAME, PROBLEM, f"The key {name!r} of {setting} {fault}.",
                    "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
                )  # fmt: skip


def _plain(tokens: Mapping[str, str]) -> Iterator[Finding]:
    plain = [name for name, token in tokens.items() if not token.startswith(HASHED)]
    if plain:
        yield Finding(
            NAME, WARNING, f"Whoever reads the configuration has the read token of "
            f"{', '.join(map(repr, plain))}.",
            f'Write "{HASHED}" and the hash instead of the token: {_HASH}',
        )  # fmt: skip


def _shared(both: tuple[tuple[str, Mapping[str, str]], ...]) -> Iterator[Finding]:
    reads, writes = (set(digests(setting, keys)) for setting, keys in both)
    if reads & writes:
        yield Finding(
            NAME, PROBLEM, "A read token is a write key, too: a client that sends could read all.",
            "Give each its own.",
        )  # fmt: skip


def _origins(origins: tuple[str, ...]) -> Iterator[Finding]:
    open_ = [origin for origin in origins if origin.startswith("http://")]
    if open_ and not all("localhost" in origin for origin in open_):
        yield Finding(
            NAME, WARNING, f"ANALYTICS_CORS_ORIGINS has {', '.join(open_)}: anybody on the way to "
            "such a page can send as it.", "Serve it by https, and name that origin.",
        )  # fmt: skip
