"""Fuzzes one target, or each after the other: ``python -m tests.fuzz [TARGET ...] --seconds 60``.

atheris (libFuzzer) looks for inputs that reach new code. Where it is not installed the same targets
get seeds that are mutated at random, which finds less: that is said, loudly. Whatever a target
raises is a defect; the input is printed, and kept where ``--keep`` says.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from . import TARGETS

try:
    import atheris
except ImportError:
    atheris = None

#: Bytes of one input.
LONGEST = 8 * 1024

WITHOUT = (
    "NO ATHERIS HERE: seeds are mutated at random, without looking at the code that they reach. "
    "Install it with: pip install atheris"
)


def load(name: str) -> ModuleType:
    """A target, with our package watched by the fuzzer."""
    if atheris is None:
        return importlib.import_module(f".{name}", __package__)
    with atheris.instrument_imports(include=["flask_analytics"]):
        return importlib.import_module(f".{name}", __package__)


def watched(name: str, seconds: int, keep: Path) -> None:
    """With libFuzzer, which ends the process itself: 0, or 77 where something was raised."""
    target = load(name)
    corpus = Path(tempfile.gettempdir()) / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(target.SEEDS):
        (corpus / str(number)).write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20",
               f"-artifact_prefix={keep}/{name}-", "-print_final_stats=1", str(corpus)]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


def mutated(seed: bytes, others: list[bytes], dice: random.Random) -> bytes:
    """A seed with a few changes."""
    from .targets import TOKENS  # imports the package, which the fuzzer has to see first

    data = bytearray(seed)
    for _ in range(dice.randint(0, 6)):
        place = dice.randint(0, len(data))
        change = dice.randrange(5)
        if change == 0 and data:
            data[place % len(data)] ^= 1 << dice.randrange(8)
        elif change == 1:
            data[place:place] = dice.choice(TOKENS)
        elif change == 2:
            del data[place : place + dice.randint(1, 16)]
        elif change == 3:
            data[place:] = dice.choice(others)[place:]
        else:
            data[place:place] = data[place : place + dice.randint(1, 64)]
    return bytes(data[:LONGEST])


def blind(name: str, seconds: int, keep: Path) -> None:
    """At random, from what is known."""
    print(WITHOUT, flush=True)
    target = load(name)
    run: Callable[[bytes], None] = target.run
    seed = int(time.time())
    dice, runs, end = random.Random(seed), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(dice.choice(target.SEEDS), target.SEEDS, dice)
        try:
            run(data)
        except BaseException:
            (keep / f"{name}-{seed}-{runs}").write_bytes(data)
            print(f"{name}: raised by {data!r}", flush=True)
            raise
        runs += 1
    print(f"{name}: {runs} runs", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        (blind if atheris is None else watched)(options.only, options.seconds, options.keep)
        return
    failed = []
    for name in options.targets or TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", f"--only={name}", f"--keep={options.keep}"]
        print(f"-- {name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:  # libFuzzer leaves without cleaning up
            environ = {**os.environ, "TMPDIR": folder}
            if subprocess.call([*command, f"--seconds={options.seconds}"], env=environ):
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "nothing found", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
