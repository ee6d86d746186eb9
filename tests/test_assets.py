"""Where the browser's files are, and what is read of them."""

from __future__ import annotations

import base64
import hashlib

import pytest

from flask_analytics import assets


def test_home_holds_both_folders():
    """Whichever way the package is installed, static/ and templates/ are side by side."""
    assert (assets.HOME / "static" / "analytics.js").is_file()
    assert (assets.HOME / "static" / "built" / "analytics.js").is_file()
    assert (assets.HOME / "templates").is_dir()


def test_a_module_is_its_file_and_its_parts():
    """The integrity is the main file's alone, the hash is everything's."""
    module = assets.Module.load()

    digest = hashlib.sha384(module.main.text).digest()
    assert module.integrity == "sha384-" + base64.b64encode(digest).decode()
    assert {"errors", "sources", "vitals"} <= set(module.parts)
    assert not {"analytics", "core"} & set(module.parts)
    assert module.hash != digest.hex()[:16]


def test_builds_differ():
    """The core alone is smaller, and another file for ever."""
    full, core = assets.Module.load("full"), assets.Module.load("core")

    assert len(core.main.text) < len(full.main.text)
    assert core.hash != full.hash


def test_what_was_never_built_is_missing(tmp_path, monkeypatch):
    """A checkout without its build product says so when the application starts."""
    monkeypatch.setattr(assets, "HOME", tmp_path)

    with pytest.raises(OSError, match=r"built.analytics\.js"):
        assets.Module.load()
