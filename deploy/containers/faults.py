"""Containers that die or restart in the middle of a load: nothing is lost, nothing is paid twice."""

import os
import signal
import threading
from collections.abc import Callable

from .load import accounts, ids, image, until
from .steps import Run, Step, Verdict

# One after the other: some are published before the fault, some meanwhile, some after it.
BATCHES, JOBS = 4, 40


def killed(name: str) -> Step:
    """Without a warning, and by nobody that Docker knows: it starts the container again."""
    return lambda run: during_load(run, f"kill-{name}", lambda: kill(run, name))


def kill(run: Run, name: str) -> None:
    container = run.stack.container(name)
    try:
        os.kill(container.state["Pid"], signal.SIGKILL)
    except (PermissionError, ProcessLookupError):
        # Not ours, or on another machine. Docker starts none that it was told to kill.
        run.engine.output("kill", container.id)
        run.engine.output("start", container.id)
    begun = container.state["StartedAt"]
    until(f"{name} runs again", lambda: is_back(run, name, begun))


def is_back(run: Run, name: str, begun: str) -> bool:
    container = run.stack.container(name)
    return container.is_healthy and bool(container.state["StartedAt"] != begun)


def restarted(run: Run) -> Verdict:
    return during_load(run, "restart", lambda: run.stack.compose("restart"))


def during_load(run: Run, name: str, fault: Callable[[], object]) -> Verdict:
    before = accounts()["accepted"]
    failures: list[Exception] = []
    producer = threading.Thread(target=publish, args=(run, name, failures))
    producer.start()
    until("jobs are at the provider", lambda: failures != [] or accounts()["accepted"] > before)
    fault()
    producer.join()
    for failure in failures:
        raise failure
    run.load.settled()
    count = run.load.count()
    return Verdict(str(count), count.wrong())


def publish(run: Run, name: str, failures: list[Exception]) -> None:
    try:
        for batch in range(BATCHES):
            run.load.publish(ids(f"{name}-{batch}", JOBS), image)
    except Exception as failure:  # Of another thread, which raises it.
        failures.append(failure)
