"""The key that signs the sessions of those who may read."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "secret key"

#: Bytes that a key has at least; Flask's documentation makes one of 32
#: (https://flask.palletsprojects.com/en/stable/config/#SECRET_KEY).
SHORT = 16

#: What examples and templates have for a key.
KNOWN = ("secret", "changeme", "change-me", "change_me", "dev", "development", "password",
         "insecure", "example", "default", "test")  # fmt: skip

_CURE = "Make one with: python -c 'import secrets; print(secrets.token_hex())'"


def check(patient: Patient) -> Iterator[Finding]:
    """Whether there is one that nobody guesses."""
    key = patient.app.secret_key
    if not key:
        yield Finding(
            NAME, WARNING, "SECRET_KEY is not set: there are no sessions, so no login can say who "
            "may read.", f"{_CURE}, and set SECRET_KEY to it.",
        )  # fmt: skip
    elif fault := weakness(key):
        yield Finding(
            NAME, PROBLEM, f"SECRET_KEY {fault}: whoever guesses it can log in as anybody.",
            f"{_CURE}, and set SECRET_KEY to it.",
        )  # fmt: skip
    else:
        yield Finding(NAME, OK, "SECRET_KEY is set and long enough.")


def weakness(key: str | bytes, shortest: int = SHORT) -> str | None:
    """Why a key is weak, without a letter of it; None: it is not."""
    text = key.decode("latin-1") if isinstance(key, bytes) else key
    if len(text) < shortest:
        return f"has {len(text)} characters, fewer than {shortest}"
    if len(set(text)) < 6:
        return "repeats a few characters"
    if any(word in text.lower() for word in KNOWN) and len(text) < 2 * shortest:
        return "is made of a word that everybody tries"
    return None
