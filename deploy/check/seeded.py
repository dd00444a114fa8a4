"""Makes the known mistakes, each in a copy of its own, and reports which of them were found."""

import concurrent.futures
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from . import steps
from .place import Place, files
from .seeds import SEEDS, Removed, Replaced, Seed
from .settings import GIVEN, LEFT_OUT


def all_found(place: Place) -> bool:
    """The tree must pass as it is: else a step that fails anyhow would seem to find everything."""
    if not steps.passes(place):
        steps.say("it does not pass without a mistake")
        return False
    with concurrent.futures.ThreadPoolExecutor(steps.WORKERS) as pool:
        found = list(pool.map(lambda seed: is_found(seed, place), SEEDS))
    steps.say(f"{sum(found)} of {len(SEEDS)} mistakes caught")
    return all(found)


def is_found(seed: Seed, place: Place) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        copy = replace(place, root=Path(scratch).resolve())
        for name in GIVEN:
            copied(place.root / name, copy.root / name)
        plant(seed, copy.root)
        wrong = "\n".join(steps.run(seed.step, copy).wrong)
    found = seed.said in wrong
    steps.say(f"{'caught' if found else 'MISSED'}  {seed.what} ({seed.step}): {gist(seed, wrong)}")
    return found


def copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
    else:
        shutil.copy(source, target)


def plant(seed: Seed, root: Path) -> None:
    """In the first file in which it can be made."""
    for file in files(root / seed.file):
        before = file.read_text()
        match seed.mistake:
            case Removed():
                file.unlink()
                return
            case Replaced(old, new) if old in before and old != new:
                file.write_text(before.replace(old, new, 1))
                return
    # One that nobody could make any more would be found by accident.
    raise ValueError(f"the seed is stale: {seed.what}: {seed.file} has no such text")


def gist(seed: Seed, wrong: str) -> str:
    """The line that was waited for, else the last."""
    lines = [line.strip() for line in wrong.splitlines() if line.strip()] or ["nothing was said"]
    return next((line for line in lines if seed.said in line), lines[-1])[:160]
