"""Whether every container is held in, as the engine was told and as the kernel shows its first process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .stack import Container
from .steps import Run, Verdict

NO_CAPABILITY = "0" * 16


def all_are(run: Run) -> Verdict:
    promised = run.stack.promised()
    containers = run.stack.containers()
    wrong, seen = [], 0
    for container in containers:
        told = told_wrongly(container.facts, promised[container.service])
        wrong += [f"{container.name}: {why}" for why in told]
        if shown := status(container):
            seen += 1
            wrong += [f"{container.name}: {why}" for why in shown_wrongly(*shown)]
    return Verdict(f"{len(containers)} containers, of {seen} also the process", wrong)


def told_wrongly(facts: dict[str, Any], promised: dict[str, Any]) -> Iterator[str]:
    """What the engine holds it to."""
    host = facts["HostConfig"]
    if facts["Config"]["User"].partition(":")[0] in ("", "0", "root"):
        yield "it starts as root"
    if not host["ReadonlyRootfs"]:
        yield "its root file system can be written"
    if host["CapDrop"] != ["ALL"] or host["CapAdd"] or host["Privileged"]:
        yield "it keeps capabilities"
    if not any(it.startswith("no-new-privileges") for it in host["SecurityOpt"] or []):
        yield "it may gain privileges"
    if host["Memory"] != int(promised["mem_limit"]):
        yield f"its memory is limited to {host['Memory']}, not to {promised['mem_limit']}"
    if host["PidsLimit"] != promised["pids_limit"]:
        yield f"its processes are limited to {host['PidsLimit']}, not to {promised['pids_limit']}"


def status(container: Container) -> tuple[dict[str, str], str] | None:
    """Of the process and its mounts; none if it is on another machine or may not be looked at."""
    try:
        process = Path("/proc", str(container.state["Pid"]))
        pairs = (line.partition(":") for line in (process / "status").read_text().splitlines())
        return {name: value.strip() for name, _, value in pairs}, (process / "mounts").read_text()
    except OSError:
        return None


def shown_wrongly(status: dict[str, str], mounts: str) -> Iterator[str]:
    if "0" in status["Uid"].split():
        yield "its process runs as root"
    if {status["CapEff"], status["CapPrm"], status["CapBnd"]} != {NO_CAPABILITY}:
        yield "its process has capabilities"
    if status["NoNewPrivs"] != "1":
        yield "its process may gain privileges"
    # Of mounts that lie on each other, the last one is seen.
    root = [fields[3].split(",") for fields in map(str.split, mounts.splitlines()) if fields[1] == "/"]
    if not root or "ro" not in root[-1]:
        yield "its process can write its root file system"
