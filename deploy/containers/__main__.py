"""usage: python -m containers [--seeded] --root DIRECTORY --state DIRECTORY [--program REELWORK]"""

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from check.programs import Refused
from check.steps import say

from . import mistakes, podman, private, standins
from .engine import Engine
from .load import Load
from .plan import STEPS
from .stack import Stack
from .steps import Run, passes


def main() -> bool:
    parser = argparse.ArgumentParser(prog="containers", description="Runs what is deployed, and judges it.")
    parser.add_argument("--root", type=Path, required=True, help="the tree")
    parser.add_argument("--state", type=Path, required=True, help="what is kept between runs")
    parser.add_argument("--program", type=Path, help="the built reelwork, for an engine of our own")
    parser.add_argument("--seeded", action="store_true", help="also makes known mistakes; each must be found")
    options = parser.parse_args()
    # The engine and its containers must end with this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Docker keeps its data below no symbolic link.
    state = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    # Before an engine of our own, which has no way out.
    player = podman.made(state) if options.program else None
    with engine(state, options.program) as found:
        say(found.versions())
        stack = Stack(found, options.root.resolve())
        run = Run(found, stack, Load(stack), options.program, player)
        return judged(run) and (not options.seeded or mistakes.all_found(run))


@contextlib.contextmanager
def engine(state: Path, program: Path | None) -> Iterator[Engine]:
    if program is None:
        yield Engine()
        return
    images = standins.made(state / "images")
    with private.started(state) as found:
        standins.imported(found, images)
        yield found


def judged(run: Run) -> bool:
    run.stack.removed()
    try:
        return passes(run, STEPS)
    finally:
        run.stack.removed()


try:
    passed = main()
except Refused as why:
    say(str(why))
    passed = False
sys.exit(not passed)
