"""Whether it starts as documented, is reachable, drains, and comes back with what it had."""

import socket
import time
from collections.abc import Iterator

from .load import accounts, ids, image, provider, until
from .stack import FAST, Container
from .steps import Run, Verdict, unless

GATEWAY = {"enabled": True, "hosts": ["gateway"]}
ROLES = ("worker", "poller", "gateway")
# Longer than it takes to stop a worker.
SLOW_POST = {"kind": "delay_ms", "value": 5000}


def healthy(run: Run) -> Verdict:
    began = time.monotonic()
    run.stack.up()
    took = time.monotonic() - began
    containers = run.stack.containers()
    healthy = sum(it.is_healthy for it in containers)
    return Verdict(f"{healthy} of {len(containers)} containers after {took:.1f} s", run.stack.sick())


def reachable(run: Run) -> Verdict:
    """What the compose file publishes on this host."""
    ports = sorted(set(published(run.stack.containers())))
    closed = [port for port in ports if not answers(port)]
    return Verdict(f"{len(ports)} ports", (f"nothing answers on port {port}" for port in closed))


def published(containers: list[Container]) -> Iterator[int]:
    for container in containers:
        for bound in (container.facts["NetworkSettings"]["Ports"] or {}).values():
            yield from (int(it["HostPort"]) for it in bound or [])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


def documented(run: Run) -> Verdict:
    """Jobs with the settings of the compose file; their callbacks arrive with a valid signature."""
    run.load.publish(ids("documented", 10), image)
    run.load.settled()
    count = run.load.count()
    accepted, refused = (accounts()["callbacks"][it] for it in ("sent", "failed"))
    wrong = [*count.wrong(), *unless(accepted > 0, "the gateway accepted no callback")]
    wrong += unless(refused == 0, f"the gateway refused {refused} callbacks")
    return Verdict(f"{count}; {accepted} callbacks accepted, {refused} refused", wrong)


def hurried(run: Run) -> Verdict:
    """With short waits, for what follows. The roles are made anew."""
    began = time.monotonic()
    run.stack.up(FAST)
    provider(life_ms=1000, callbacks=GATEWAY)
    return Verdict(f"{time.monotonic() - began:.1f} s", run.stack.sick())


def drained(run: Run) -> Verdict:
    """Stopped during POSTs: each role finishes them, and ends by itself."""
    provider(life_ms=1000, callbacks=GATEWAY, faults=[SLOW_POST])
    before = accounts()["submissions"]
    run.load.publish(ids("drain", 20), image)
    until("a POST is under way", lambda: accounts()["submissions"] > before)
    began = time.monotonic()
    run.stack.compose("stop", *ROLES)
    took = time.monotonic() - began
    roles = run.stack.containers(*ROLES)
    wrong = [f"{it.name} ended with {it.state['ExitCode']}" for it in roles if it.state["ExitCode"] != 0]
    provider(life_ms=1000, callbacks=GATEWAY)
    run.stack.compose("start", *ROLES)
    run.load.settled()
    count = run.load.count()
    codes = sorted({it.state["ExitCode"] for it in roles})
    return Verdict(
        f"{len(roles)} containers, exit codes {codes}, {took:.1f} s; {count}", wrong + count.wrong()
    )


def recreated(run: Run) -> Verdict:
    """Down and up again while jobs wait: the volumes have everything."""
    run.stack.compose("stop", "worker")
    run.load.publish(ids("waiting", 40), image)
    run.stack.compose("stop")
    ended = {it.name: it.state["ExitCode"] for it in run.stack.containers()}
    run.stack.compose("down")
    hurried(run)
    run.load.settled()
    wrong = [f"{name} ended with {code}" for name, code in ended.items() if code != 0]
    count = run.load.count()
    return Verdict(f"exit codes {sorted(set(ended.values()))}; {count}", wrong + count.wrong())
