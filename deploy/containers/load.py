"""Jobs, as a producer sends them, and what became of each: counted here and at the provider."""

import json
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from check.programs import Refused

from .stack import Stack

SIMULATOR = "http://127.0.0.1:8090/_simulator"
# With looks that settle a doubt after the ledger forgot the last second.
PATIENCE = 300
# Of all events, the ones that end no job.
NO_OUTCOME = ("submitted", "overdue", "conflict")
LOOK = 1

# A line of a file of jobs, by the id of the job.
Job = Callable[[str], str]


@dataclass
class Load:
    stack: Stack
    # The jobs whose publish was confirmed.
    confirmed: set[str] = field(default_factory=set)

    def publish(self, ids: list[str], job: Job) -> None:
        """Until each is confirmed: what is not is sent again under its id."""
        deadline = time.monotonic() + PATIENCE
        while missing := [id for id in ids if id not in self.confirmed]:
            submit = self.stack.once("worker", "submit", "--file", "-", "--json", given=map(job, missing))
            receipts = objects(submit.stdout)
            self.confirmed |= {it["id"] for it in receipts if it["status"] == "queued"}
            if time.monotonic() > deadline:
                raise Refused(f"{len(missing)} jobs are not confirmed: {submit.stderr[-500:]}")

    def settled(self) -> None:
        """Every confirmed job has an outcome."""
        deadline = time.monotonic() + PATIENCE
        while without := self.confirmed - set(self.outcomes()):
            if time.monotonic() > deadline:
                raise Refused(f"{len(without)} jobs have no outcome, such as {min(without)}")
            time.sleep(LOOK)

    def outcomes(self) -> dict[str, set[str]]:
        """The ids of the events that ended each job; none while RabbitMQ starts."""
        events = self.stack.once("poller", "events", "--since", "3h", "--idle", "3s", "--json")
        return outcomes(objects(events.stdout))

    def count(self) -> "Count":
        outcomes = self.outcomes()
        ends = [len(outcomes.get(id, ())) for id in self.confirmed]
        return Count(len(ends), ends.count(0), sum(it > 1 for it in ends), accounts()["double_paid"])


class Count(NamedTuple):
    receipts: int
    lost: int
    ended_twice: int
    paid_twice: int

    def __str__(self) -> str:
        lost, ended, paid = self[1:]
        return f"{self.receipts} receipts, {lost} lost, {ended} ended twice, {paid} paid twice"

    def wrong(self) -> list[str]:
        return [str(self)] if any(self[1:]) else []


def image(id: str) -> str:
    """A small one."""
    return line(id, "images/generations", {"model_name": "kling-v2"})


def line(id: str, operation: str, request: dict[str, Any]) -> str:
    """The provider counts by the marker in the prompt, whatever else is sent."""
    request |= {"prompt": f"[job:{id}] a cat"}
    return json.dumps({"id": id, "operation": operation, "request": request})


def ids(name: str, count: int) -> list[str]:
    return [f"{name}-{number}" for number in range(count)]


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def outcomes(events: Iterable[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for event in events:
        word = event["type"].removeprefix("dev.reelwork.task.").removesuffix(".v1")
        if word not in NO_OUTCOME:
            found[event["subject"]].add(event["id"])
    return dict(found)


def accounts() -> dict[str, Any]:
    """What the simulated provider accepted and charged."""
    with urllib.request.urlopen(f"{SIMULATOR}/accounts", timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def provider(**settings: object) -> None:
    """All its settings: what is not given gets its default."""
    body = json.dumps(settings).encode()
    request = urllib.request.Request(f"{SIMULATOR}/settings", data=body, method="POST")
    with urllib.request.urlopen(request, timeout=30):
        pass


def until(what: str, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise Refused(f"not within {patience:.0f} s: {what}")
        time.sleep(LOOK / 5)
