"""A file that is there whole or not at all."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A name beside ``path`` to write under; what was written there takes the place of ``path``
    when the block ends well, and is gone when it does not.

    :raises OSError: it cannot be written there.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    # Made here: it holds people's data, so nobody else may read it, whoever writes it.
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield new
        _sync(new)
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """The file of ``replaced``, open; packed if its name ends in ``.gz``."""
    with replaced(path) as new, open(new, "wb") as file:
        if path.suffix == ".gz":
            with gzip.GzipFile(path.stem, "wb", 6, file) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield file


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
