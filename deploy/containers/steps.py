"""What is judged, in the order in which it is run: each step needs those before it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from check.programs import Refused
from check.steps import say

from .engine import Engine
from .load import Load
from .stack import Stack


class Verdict(NamedTuple):
    figure: str
    # A line each; none: it has passed.
    wrong: Iterable[str] = ()


@dataclass(frozen=True)
class Run:
    engine: Engine
    stack: Stack
    load: Load
    # The built program and the file system of podman, for a private engine.
    program: Path | None = None
    podman: Path | None = None


Step = Callable[[Run], Verdict]


def passes(run: Run, steps: dict[str, Step]) -> bool:
    """After one that could not be finished, no other is run."""
    return not any(failures(run, steps).values())


def failures(run: Run, steps: dict[str, Step]) -> dict[str, list[str]]:
    """What is wrong, by step."""
    found: dict[str, list[str]] = {}
    for name, step in steps.items():
        began = time.monotonic()
        figure, wrong, is_finished = judged(run, step)
        report(name, figure, wrong, time.monotonic() - began)
        found[name] = wrong
        if not is_finished:
            rest = [it for it in steps if it not in found]
            found |= {it: ["it was not run"] for it in rest}
            say(f"not run: {', '.join(rest) or 'nothing'}")
            break
    return found


def judged(run: Run, step: Step) -> tuple[str, list[str], bool]:
    try:
        figure, wrong = step(run)
        return figure, list(wrong), True
    except Refused as why:
        return "", [str(why)], False
    except Exception as error:  # The stack is removed in any case.
        return "", [f"{type(error).__name__}: {error}"], False


def report(name: str, figure: str, wrong: list[str], took: float) -> None:
    for why in wrong:
        say(f"{name}: {why}")
    say(f"{name:<12} {'FAILED' if wrong else 'passed'} {took:>6.1f} s  {figure}")


def unless(holds: bool, why: str) -> Iterator[str]:
    if not holds:
        yield why
