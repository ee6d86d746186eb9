"""Where ``static/`` and ``templates/`` are, and the browser's module as it was built.

The parts in ``static/`` are ordinary ES modules, so that each can be read alone. ``make module``
joins and shortens them into ``static/built``, with their compressed forms; that is what browsers
get, and what a checkout and a wheel both have.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

HOME: Path = _PACKAGE if (_PACKAGE / "static").is_dir() else _PACKAGE.parent
"""The folder that holds ``static/`` and ``templates/``: inside a wheel the package itself, in a
checkout its parent."""

#: What a page may load: everything, or what is below it without the rest.
ENTRIES = {"full": "analytics", "core": "core"}


@dataclass(frozen=True, slots=True)
class Script:
    """One file for browsers."""

    #: Content-Encoding ("" for none) -> bytes.
    forms: Mapping[str, bytes]
    source_map: bytes

    @property
    def text(self) -> bytes:
        """As a browser runs it."""
        return self.forms[""]

    @classmethod
    def load(cls, file: Path) -> Script:
        """Read what the build made.

        :raises OSError: it is not there.
        """
        forms = {"": "", "gzip": ".gz", "br": ".br"}
        read = {coding: Path(f"{file}{end}").read_bytes() for coding, end in forms.items()}
        return cls(read, Path(f"{file}.map").read_bytes())


@dataclass(frozen=True, slots=True)
class Module:
    """The module and the parts that it loads when a page needs them."""

    main: Script
    parts: Mapping[str, Script]
    #: Of all of it, for the addresses: the module finds its parts by its own address.
    hash: str
    #: Of the module alone (https://www.w3.org/TR/SRI/).
    integrity: str

    @classmethod
    def load(cls, build: str = "full") -> Module:
        """Read it from ``static/built``.

        :param build: a key of ``ENTRIES``.
        :raises OSError: it was never built.
        """
        folder = HOME / "static" / "built"
        main = Script.load(folder / f"{ENTRIES[build]}.js")
        files = (file for file in sorted(folder.glob("*.js")) if file.stem not in ENTRIES.values())
        parts = {file.stem: Script.load(file) for file in files}
        digest = hashlib.sha384(main.text)
        integrity = "sha384-" + base64.b64encode(digest.digest()).decode()
        for part in parts.values():
            digest.update(part.text)
        return cls(main, parts, digest.hexdigest()[:16], integrity)
