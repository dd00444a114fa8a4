"""Whether each secret can be read by the process that needs it: it has the mode that it has on the host."""

import io
import tarfile
from collections.abc import Iterator

from check.programs import Refused

from .stack import Container
from .steps import Run, Verdict


def readable(run: Run) -> Verdict:
    wrong, count = [], 0
    for container in run.stack.containers():
        owner, group = user(run, container)
        for path in sorted(set(paths(container))):
            count += 1
            if not may_read(*mode(run, container, path), owner, group):
                wrong.append(f"{container.name}: {path} cannot be read by uid {owner}")
    return Verdict(f"{count} secrets, each as the user of its process", wrong)


def paths(container: Container) -> Iterator[str]:
    """What a variable names, and what compose mounts as a secret elsewhere."""
    for variable in container.facts["Config"]["Env"] or []:
        name, _, value = variable.partition("=")
        if name.endswith("_FILE") and value.startswith("/run/secrets/"):
            yield value
    for mount in container.facts["Mounts"] or []:
        if "/secrets/" in mount["Source"]:
            yield mount["Destination"]


def user(run: Run, container: Container) -> tuple[int, int]:
    """Numbers, whatever its image calls them."""
    lines = run.engine.output("top", container.id, "-eo", "pid,uid,gid").splitlines()
    _, uid, gid = lines[1].split()
    return int(uid), int(gid)


def mode(run: Run, container: Container, path: str) -> tuple[int, int, int]:
    """Mode, owner and group, as the engine packs the file."""
    command = ("docker", "cp", f"{container.id}:{path}", "-")
    packed = run.engine.packed(*command)
    for member in tarfile.open(fileobj=io.BytesIO(packed)):
        return member.mode, member.uid, member.gid
    raise Refused(f"{container.name}: nothing is at {path}")


def may_read(mode: int, owner: int, group: int, uid: int, gid: int) -> bool:
    """By the first class that it is in, as the kernel decides."""
    if uid == owner:
        return bool(mode & 0o400)
    return bool(mode & (0o040 if gid == group else 0o004))
