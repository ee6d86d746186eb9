"""The bundle: what the joined module keeps, drops and refuses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flask_analytics import assets


@pytest.fixture
def static(tmp_path, monkeypatch):
    """Write parts into a folder of their own and make it the home; returns the writer."""
    monkeypatch.setattr(assets, "HOME", tmp_path)
    (tmp_path / "static").mkdir()

    def write(**parts: str) -> None:
        for name, source in parts.items():
            (tmp_path / "static" / f"{name}.js").write_text(source, encoding="utf-8")

    return write


def bundle(entry: str = "entry.js") -> str:
    return assets.bundle(entry).decode()


def test_home_holds_both_folders():
    """Whichever way the package is installed, static/ and templates/ are side by side."""
    assert (assets.HOME / "static" / "analytics.js").is_file()
    assert (assets.HOME / "templates").is_dir()


def test_parts_are_joined_in_import_order(static):
    """A part comes behind those it needs, once, as a browser would run them."""
    static(
        entry='import {b} from "./b.js";\nimport { c, d } from "./c.js";\nb(c, d);\n',
        b='import {c} from "./c.js";\nexport function b() { c(); }\n',
        c="export const c = 1;\nexport let d = 2;\n",
    )

    assert bundle() == (
        "const c = 1;\nlet d = 2;\nfunction b() { c(); }\nb(c, d);\n"  # nothing else is left
    )


def test_only_the_entry_keeps_its_exports(static):
    """Both ways of exporting survive in the entry; in a part the word alone goes."""
    static(
        entry='import {hooks} from "./b.js";\nexport { hooks };\nexport async function go() {}\n',
        b="export class Other {}\nexport const hooks = new Other();\n",
    )

    assert bundle() == (
        "class Other {}\nconst hooks = new Other();\n"
        "export { hooks };\nexport async function go() {}\n"
    )


def test_comments_and_indentation_go_strings_stay(static):
    """What looks like a comment inside a string, a template or a regular expression is none."""
    static(
        entry="""\
// a comment with a "quote
/* export and
   import */
const url = "https://example.org"; // why
const text = `
  // kept
  ${url}`;
const slash = /[/"]\\/\\/"/g.test(url) / 2;
function half(a, b) {
  return a / b; // "half
}
"""
    )

    assert bundle() == (
        'const url = "https://example.org";\n'
        "const text = `\n  // kept\n  ${url}`;\n"
        'const slash = /[/"]\\/\\/"/g.test(url) / 2;\n'
        "function half(a, b) {\nreturn a / b;\n}\n"
    )


def test_names_inside_a_function_do_not_clash(static):
    """Only the top level is shared."""
    static(
        entry='import {run} from "./b.js";\nfunction start() { const same = 1; run(same); }\n',
        b="export function run(same) { let start = same; return start; }\n",
    )

    assert "let start" in bundle()


@pytest.mark.parametrize(
    "declaration",
    [
        "const same = 1;",
        "let other = f(1, 2), same;",
        "var same;",
        "function same() {}",
        "async function same() {}",
        "function* same() {}",
        "class same {}",
        "export const same = [1, 2];",
    ],
)
def test_one_name_in_two_parts_is_refused(static, declaration):
    """In one file they would be a syntax error, or worse, the same thing."""
    static(entry='import {b} from "./b.js";\nfunction same() {}\nb();\n')
    static(b=f"export const b = () => 0;\n{declaration}\n")

    with pytest.raises(ValueError, match=r"entry\.js: same is declared by b\.js as well"):
        bundle()


@pytest.mark.parametrize(
    "line",
    [
        'import b from "./b.js";',
        'import * as b from "./b.js";',
        'import {a as b} from "./b.js";',
        'import {\n  b,\n} from "./b.js";',
        'import "./b.js";',
        'import {b} from "../b.js";',
        'import {b} from "other";',
        'import {b} from "./b.js"',
        "export default function b() {}",
        'export * from "./b.js";',
        'export {b} from "./b.js";',
        "export const {b} = {};",
        "export\nconst b = 1;",
        'const b = () => import("./b.js");',
        "const {b} = {};",
        "const b = 1\nconst c = 2;",
        "const b = `${`a}`}`;",
        "function b() { ) }",
        "function b() {",
    ],
)
@pytest.mark.parametrize("name", ["entry", "part"])
def test_a_form_it_does_not_know_is_refused(static, line, name):
    """The message names the part; guessing would ship a broken module."""
    static(entry='import {known} from "./part.js";\n', part="export const known = 1;\n", b="")
    path = assets.HOME / "static" / f"{name}.js"
    path.write_text(f"{path.read_text()}{line}\n")

    with pytest.raises(ValueError, match=rf"^{name}\.js: "):
        bundle()


@pytest.mark.parametrize(
    "line", ["export {known};", "export { known as b };", "const url = import.meta.url;"]
)
def test_some_forms_are_the_entrys_alone(static, line):
    """A part's export list would become the bundle's, its import.meta would be another's."""
    static(entry='import {known} from "./part.js";\n', part=f"export const known = 1;\n{line}\n")

    with pytest.raises(ValueError, match=r"^part\.js: "):
        bundle()


def test_a_missing_part_is_named(static):
    """The developer learns which file it is, and where it should be."""
    static(entry='import {b} from "./gone.js";\n')

    with pytest.raises(ValueError, match=r"^gone\.js: cannot be read as .*static"):
        bundle()


def test_a_missing_name_is_named(static):
    """In one file the name would be found nowhere, but only when the line runs."""
    static(entry='import {b, c} from "./b.js";\n', b="export const b = 1;\nconst c = 2;\n")

    with pytest.raises(ValueError, match=r"^entry\.js: b\.js does not export c$"):
        bundle()


def test_a_circle_is_refused(static):
    """There is no order in which both could come first."""
    static(
        entry='import {b} from "./b.js";\n',
        b='import {c} from "./c.js";\nexport const b = 1;\n',
        c='import {b} from "./b.js";\nexport const c = 1;\n',
    )

    with pytest.raises(ValueError, match=r"^b\.js: .*entry\.js -> b\.js -> c\.js -> b\.js"):
        bundle()


def test_our_module_is_one_file_with_three_exports():
    """The shipped bundle imports nothing and exports what the documentation names."""
    text = bundle("analytics.js")

    assert not re.search(r"^import\b", text, re.M)
    exports = re.findall(r"^export .*", text, re.M)
    assert exports == [
        "export { hooks };",
        "export function track(eventName, params) {",
        "export function flush() {",
    ]


def test_our_module_is_valid_javascript(tmp_path: Path):
    """Node only reads it; nothing of ours depends on it."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on the PATH to check the syntax with")
    file = tmp_path / "bundle.mjs"
    file.write_bytes(assets.bundle())

    done = subprocess.run([node, "--check", str(file)], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
