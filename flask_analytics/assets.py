"""Where ``static/`` and ``templates/`` are, and how the browser's parts become one file.

The parts in ``static/`` are ordinary ES modules, so that each can be read alone. A browser gets
them joined and without their comments: one request, one hash for ``integrity``, a third less to
carry. :func:`bundle` is no JavaScript compiler. It knows the few forms that the parts use, and
refuses a part that uses another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

HOME: Path = _PACKAGE if (_PACKAGE / "static").is_dir() else _PACKAGE.parent
"""The folder that holds ``static/`` and ``templates/``: inside a wheel the package itself, in a
checkout its parent."""

_TOKEN = re.compile(
    r"""
      (?P<gap>    (?: \s | //[^\n]* | /\*.*?\*/ )+ )
    | (?P<string> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*` )
    | (?P<word>   [\w$]+ )
    | (?P<sign>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
#: What comes before a slash that divides. Anything else makes it a regular expression.
_VALUE = re.compile(r"(?!(?:return|typeof|case|in|of|void|throw|await|yield)$)[\w$)\]}\"]+")

_IMPORT = re.compile(r'^import \{ ?([\w$]+(?:, ?[\w$]+)*) ?\} from "\./([\w-]+\.js)";$\n?', re.M)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let)\b)", re.M)
_EXPORT_LIST = re.compile(r"^export \{[\w$, ]+\};$", re.M)
_EXPORTED = re.compile(r"\bexport (?:async )?(?:function\*?|class|const|let) ([\w$]+)")
_FUNCTION_OR_CLASS = re.compile(r"\b(?:function\b\s*\*?|class\b)\s*([\w$]+)")
_VARIABLES = re.compile(r"\b(?:const|let|var)\b([^;]*)(;?)")
_VARIABLE = re.compile(r"\s*([\w$]+)\s*(?:=|$)")
_NEXT_STATEMENT = re.compile(r"\n(?:const|let|var|function|async|class|import|export)\b")


@dataclass(frozen=True)
class _Part:
    """One module of ours, taken apart."""

    name: str
    text: str
    """What goes into the bundle: without imports, comments and indentation."""
    imports: dict[str, list[str]]
    """Other part -> the names wanted of it, in the order of the import lines."""
    exports: set[str]
    declares: list[str]
    """All names at the top level; joined parts share one scope."""


def bundle(entry: str = "analytics.js") -> bytes:
    """Join the entry and all the parts that it needs into one ES module, in import order.

    The import lines, the parts' ``export`` words and all comments go, the entry's exports stay.

    :param entry: the name of a module in ``static/``
    :raises ValueError: if a part is missing, uses a form that is not understood, wants a name that
        its source does not export, or declares a name that another part has
    """
    parts: dict[str, _Part] = {}
    _gather(entry, (), parts)
    _check_imports(parts)
    _check_names(parts)
    return "".join(part.text for part in parts.values()).encode()


def _gather(name: str, path: tuple[str, ...], parts: dict[str, _Part]) -> None:
    """Put the part behind all those it imports, as a browser would run them."""
    if name in path:
        raise ValueError(f"{name}: imports itself by way of {' -> '.join([*path, name])}")
    if name in parts:
        return
    part = _read(name, is_entry=not path)
    for other in part.imports:
        _gather(other, (*path, name), parts)
    parts[name] = part


def _read(name: str, *, is_entry: bool) -> _Part:
    file = HOME / "static" / name
    try:
        source = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{name}: cannot be read as {file}") from error
    tokens = list(_tokens(name, source))
    code = "".join(text for _, _, text in tokens).strip("\n")
    outline = "".join('""' if kind == "string" else t for depth, kind, t in tokens if depth == 0)
    _check_forms(name, code, outline, is_entry=is_entry)
    text = _IMPORT.sub("", code)
    return _Part(
        name=name,
        text=(text if is_entry else _EXPORT.sub("", text)) + "\n",
        imports={other: re.split(", ?", names) for names, other in _IMPORT.findall(code)},
        exports=set(_EXPORTED.findall(outline)),
        declares=list(_declared(name, outline)),
    )


def _tokens(name: str, source: str) -> Iterator[tuple[int, str, str]]:
    """Yield (how many brackets it is in, kind, text); comments count as the space they fill."""
    depth, position, last = 0, 0, ""
    while match := _TOKEN.match(source, position):
        kind, text = str(match.lastgroup), match.group()
        starts_regex = text == "/" and not _VALUE.fullmatch(last)
        if starts_regex and (regex := _REGEX.match(source, position)):
            kind, text = "string", regex.group()
        position += len(text)
        if text[0] == "`" and text.count("{") != text.count("}"):
            raise ValueError(f"{name}: a template inside a template is not understood")
        if kind == "gap":
            text = "\n" if "\n" in text else " "  # a line's end may end a statement: it stays
        else:
            last = '"' if kind == "string" else text
        if text in (")", "]", "}"):
            depth -= 1
        if depth < 0:
            raise ValueError(f"{name}: a bracket is closed that was never opened")
        yield depth, kind, text
        if text in ("(", "[", "{"):
            depth += 1
    if depth:
        raise ValueError(f"{name}: a bracket is never closed")


def _check_forms(name: str, code: str, outline: str, *, is_entry: bool) -> None:
    """Refuse what joining would break."""
    if len(re.findall(r"\bimport\b(?!\s*[.(])", outline)) != len(_IMPORT.findall(code)):
        form = 'import {a, b} from "./part.js";'
        raise ValueError(f"{name}: has an import that is not of the form {form}")
    known = len(_EXPORT.findall(code))
    if is_entry:
        known += len(_EXPORT_LIST.findall(code))
    if len(re.findall(r"\bexport\b", outline)) != known:
        raise ValueError(f"{name}: has an export of a form that is not understood")
    if re.search(r"""\bimport\s*\(\s*["'`]\.""", code):
        raise ValueError(f"{name}: import() of a part would load it a second time")
    if not is_entry and re.search(r"\bimport\s*\.\s*meta\b", code):
        raise ValueError(f"{name}: import.meta is for the entry, here it would change its meaning")


def _declared(name: str, outline: str) -> Iterator[str]:
    """Yield the names that the outline of a part declares."""
    yield from _FUNCTION_OR_CLASS.findall(outline)
    for text, semicolon in _VARIABLES.findall(outline):
        if not semicolon or _NEXT_STATEMENT.search(text):
            raise ValueError(f"{name}: a declaration without its semicolon: {text.strip()}")
        for declarator in text.split(","):
            match = _VARIABLE.match(declarator)
            if match is None:
                raise ValueError(f"{name}: cannot tell the name in: {declarator.strip()}")
            yield match.group(1)


def _check_imports(parts: dict[str, _Part]) -> None:
    for part in parts.values():
        for other, names in part.imports.items():
            if missing := [name for name in names if name not in parts[other].exports]:
                raise ValueError(f"{part.name}: {other} does not export {', '.join(missing)}")


def _check_names(parts: dict[str, _Part]) -> None:
    owner: dict[str, str] = {}
    for part in parts.values():
        for name in part.declares:
            if owner.setdefault(name, part.name) != part.name:
                raise ValueError(f"{part.name}: {name} is declared by {owner[name]} as well")
