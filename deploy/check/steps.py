"""What is checked, and one run of it."""

import concurrent.futures
import io
import sys
import time
import unittest
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import compose, environments, image, kubernetes, live, metrics, monitoring, settings, symbols
from .place import Place
from .programs import Refused

# Most of them wait for programs, and the first for a role at work.
WORKERS = 4


# Gives what is wrong, a line each; None where a program has refused nothing.
Check = Callable[[Place], Iterable[str] | None]


def own_tests(_: Place) -> Iterator[str]:
    """The readers that these checks are made of, and those of the checks of what runs."""
    place = Path(__file__).parent.parent
    for package in "check", "containers":
        found = unittest.TestLoader().discover(str(place / package / "tests"), top_level_dir=str(place))
        result = unittest.TextTestRunner(stream=io.StringIO()).run(found)
        if result.testsRun == 0:
            yield f"{package} has no tests"
        yield from (why for _, why in [*result.errors, *result.failures])


STEPS: dict[str, Check] = {
    "live": live.page_and_dashboard,
    "own tests": own_tests,
    "compose schema": compose.schema,
    "compose config": compose.config,
    "compose rules": compose.rules,
    "broker memory": compose.broker_memory,
    "image": image.lint,
    "image rules": image.rules,
    "symbols": symbols.kept,
    "settings": settings.known,
    "environments": environments.taken,
    "kubernetes": kubernetes.manifests,
    "prometheus": monitoring.configuration,
    "alerts": monitoring.alerts,
    "operator rules": monitoring.on_a_cluster,
    "alert tests": monitoring.tests,
    "alerts fire": monitoring.every_alert_fires,
    "runbooks": monitoring.runbooks,
    "dashboard": monitoring.dashboard,
    "metrics": metrics.known,
}


@dataclass(frozen=True)
class Result:
    name: str
    wrong: list[str]
    took: float

    def __str__(self) -> str:
        verdict = "FAILED" if self.wrong else "passed"
        return f"{self.name:<14} {verdict} {self.took:>6.1f} s"


def run(name: str, place: Place) -> Result:
    began = time.monotonic()
    wrong: list[str] = []
    try:
        wrong.extend(STEPS[name](place) or ())
    except Refused as why:
        wrong.append(str(why))
    except Exception as error:  # A step that cannot be finished has not passed, and the others go on.
        wrong.append(f"{type(error).__name__}: {error}")
    return Result(name, wrong, time.monotonic() - began)


def passes(place: Place) -> bool:
    """Every step is run, and every failure reported."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(lambda name: run(name, place), STEPS))
    for result in results:
        for why in result.wrong:
            say(f"{result.name}: {why}")
    for result in results:
        say(str(result))
    return not any(result.wrong for result in results)


def say(words: str) -> None:
    print(f"check: {words}", file=sys.stderr, flush=True)
