"""What is served is what the readable sources say, and it is small."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path

import brotli
import pytest

from flask_analytics import assets

from .npm import ROOT, package

STATIC = ROOT / "static"
BUILT = STATIC / "built"

#: Bytes at most, as gzip and as brotli. What a page loads at once, and what it may load later.
LIMITS = {
    "analytics": (2867, 2560),
    "core": (2048, 1843),
    "errors": (600, 540),
    "rage": (300, 270),
    "sources": (1500, 1350),
    "vitals": (1229, 1106),
}

#: What no page may ever pay at once, whatever is added to the module: bytes as gzip.
FAR_TOO_BIG = 3072


def test_the_built_files_are_those_of_the_sources(tmp_path):
    """Who changes a part runs `make module` and commits both; the same sources, the same bytes."""
    package("esbuild/package.json")
    package("terser/package.json")
    package("@gfx/zopfli/package.json")

    subprocess.run(["node", ROOT / "build.mjs", tmp_path], cwd=ROOT, check=True)

    names = {file.name for file in tmp_path.iterdir()}
    assert names == {file.name for file in BUILT.iterdir()}
    # How well a file is compressed is up to node's version; what is in it is not.
    for name in names - {name for name in names if name.endswith((".gz", ".br"))}:
        assert (tmp_path / name).read_bytes() == (BUILT / name).read_bytes(), f"{name} is stale"


@pytest.mark.parametrize("file", sorted(BUILT.glob("*.js")), ids=lambda file: file.stem)
def test_every_form_is_the_same_file(file):
    """Browsers get one of three, the integrity is that of the text."""
    text = file.read_bytes()

    assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == text
    assert brotli.decompress(Path(f"{file}.br").read_bytes()) == text


@pytest.mark.parametrize("name", LIMITS)
def test_no_file_is_too_big(name):
    """A visitor waits for it."""
    gzipped, brotlied = (len((BUILT / f"{name}.js.{end}").read_bytes()) for end in ("gz", "br"))
    assert gzipped < FAR_TOO_BIG
    assert gzipped <= LIMITS[name][0]
    assert brotlied <= LIMITS[name][1]


def test_source_maps_hold_the_readable_source():
    """Somebody who debugs a page sees what we wrote, comments and all."""
    source_map = json.loads((BUILT / "analytics.js.map").read_text())

    for name in ("core.js", "queue.js", "clicks.js"):
        (index,) = [i for i, path in enumerate(source_map["sources"]) if path.endswith(name)]
        assert source_map["sourcesContent"][index] == (STATIC / name).read_text()


def test_the_types_name_every_export():
    """What the module exports and what its types declare is the same."""
    (exported,) = re.findall(r"export\{([^}]*)\}", (BUILT / "analytics.js").read_text())
    names = {word.split(" as ")[1] for word in exported.split(",")}

    types = (STATIC / "analytics.d.ts").read_text()
    declared = set(re.findall(r"^export (?:declare )?(?:const|function) (\w+)", types, re.M))
    assert names == declared == {"flush", "hooks", "setConsent", "track"}


def test_the_core_exports_the_same():
    """A page may change the build and nothing else."""
    exports = [
        set(re.findall(r" as (\w+)", assets.Module.load(build).main.text.decode()[-200:]))
        for build in assets.ENTRIES
    ]
    assert exports[0] == exports[1]
