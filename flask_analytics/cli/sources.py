"""What ``flask analytics import`` reads: files, standard input, and what is in a zip archive."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

import click

#: Standard input.
STDIN = "-"

#: First bytes of a zip archive.
_ZIP = b"PK\x03\x04"

#: What some systems put into archives beside the files.
_NOISE = ("__MACOSX/", ".")


@dataclass(frozen=True)
class Source:
    """Something to read: a file, or a part of an archive."""

    #: As it was given; of a part with its own name behind it.
    name: str
    archive: str | None = None
    part: str = ""

    @contextmanager
    def open(self) -> Iterator[tuple[BinaryIO, int | None]]:
        """It without a buffer, and its size if it has one.

        :raises click.ClickException: it cannot be opened.
        """
        if self.archive is not None:
            with _unzipped(self.archive) as archive, _member(archive, self.part) as file:
                yield cast(BinaryIO, _Part(file)), archive.getinfo(self.part).file_size
            return
        if self.name == STDIN:
            yield sys.stdin.buffer, None
            return
        try:
            with open(self.name, "rb", buffering=0) as file:
                path = Path(self.name)
                yield cast(BinaryIO, file), path.stat().st_size if path.is_file() else None
        except OSError as error:
            if error.filename != self.name:
                raise
            raise click.ClickException(f"{self.name} cannot be opened: {error.strerror}.") from None

    def beside(self, name: str) -> Source | None:
        """The file of that name in the same folder or archive, if there is one."""
        if self.archive is not None:
            path = str(Path(self.part).with_name(name))
            with _unzipped(self.archive) as archive:
                is_there = path in archive.namelist()
            return Source(f"{self.archive}:{path}", self.archive, path) if is_there else None
        if self.name == STDIN:
            return None
        other = Path(self.name).with_name(name)
        return Source(str(other)) if other.is_file() else None


def sources(names: tuple[str, ...]) -> Iterator[Source]:
    """What is behind the names, in order; an archive is each of its parts."""
    for name in names:
        if not _is_zip(name):
            yield Source(name)
            continue
        with _unzipped(name) as archive:
            parts = [each.filename for each in archive.infolist() if not each.is_dir()]
        for part in parts:
            if not part.startswith(_NOISE):
                yield Source(f"{name}:{part}", name, part)


def _is_zip(name: str) -> bool:
    if name == STDIN or not Path(name).is_file():
        return False
    try:
        with open(name, "rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:  # whoever opens it says so
        return False


@contextmanager
def _unzipped(name: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(name)
    except (zipfile.BadZipFile, OSError) as error:
        raise click.ClickException(
            f"{name} cannot be read: it is a zip archive that is damaged or cut off ({error})."
        ) from None
    with archive:
        yield archive


def _member(archive: zipfile.ZipFile, part: str) -> IO[bytes]:
    try:
        return archive.open(part)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise click.ClickException(
            f"{archive.filename}:{part} cannot be unpacked ({error}): unpack the archive, and give "
            "the files."
        ) from None


class _Part(io.RawIOBase):
    """A part whose damage is said as of any other packed file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """:raises EOFError: here it is damaged."""
        try:
            data = self._file.read(len(buffer))
        except zipfile.BadZipFile as error:
            raise EOFError(str(error)) from None
        buffer[: len(data)] = data
        return len(data)
