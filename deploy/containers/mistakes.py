"""Makes a few known mistakes, each in a copy of its own, and reports which of them were found."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from check.seeded import copied
from check.settings import GIVEN
from check.steps import say

from .load import Load
from .plan import STEPS
from .steps import Run, failures


class Mistake(NamedTuple):
    what: str
    make: Callable[[Path], None]
    # Those that it takes to see it; the last one must fail.
    steps: tuple[str, ...]
    # Part of what the last one must say: it could fail for another reason.
    said: str


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        text = (root / file).read_text()
        if old not in text:
            raise ValueError(f"the mistake is stale: {file} has no {old!r}")
        (root / file).write_text(text.replace(old, new))

    return make


def closed(file: str) -> Callable[[Path], None]:
    """Only its owner on this machine may read it."""
    return lambda root: (root / file).chmod(0o600)


COMPOSE = "docker-compose.yml"
MISTAKES = [
    Mistake("RabbitMQ takes the host's memory",
            replaced("deploy/compose/rabbitmq.conf", "total_memory_available_override_value", "# "),
            ("healthy", "watermark"), "less than half of the container"),
    Mistake("a secret that the program may not read", closed("deploy/secrets/kling_api_key"),
            ("healthy",), "REELWORK_KLING__API_KEY_FILE): the file that it names cannot be read"),
    Mistake("a container that can be written", replaced(COMPOSE, "read_only: true", "read_only: false"),
            ("healthy", "confined"), "its process can write its root file system"),
    Mistake("callbacks go where nothing listens",
            replaced(COMPOSE, "http://gateway:8081", "http://gateway:8082"),
            ("healthy", "documented"), "the gateway accepted no callback"),
    Mistake("a role that is killed while it drains",
            replaced(COMPOSE, "stop_grace_period: 90s", "stop_grace_period: 1s"),
            ("healthy", "faster", "drain"), "ended with 137"),
]  # fmt: skip


def all_found(run: Run) -> bool:
    """With the image as it was built."""
    found = [is_found(run, mistake) for mistake in MISTAKES]
    say(f"{sum(found)} of {len(found)} mistakes caught")
    return all(found)


def is_found(run: Run, mistake: Mistake) -> bool:
    say(f"now: {mistake.what}")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve()
        for name in GIVEN:
            copied(run.stack.root / name, root / name)
        mistake.make(root)
        stack = replace(run.stack, root=root)
        try:
            copy = replace(run, stack=stack, load=Load(stack))
            wrong = failures(copy, {it: STEPS[it] for it in mistake.steps})
        finally:
            stack.removed()
    found = mistake.said in "\n".join(wrong[mistake.steps[-1]])
    say(f"{'caught' if found else 'MISSED'}  {mistake.what}")
    return found
