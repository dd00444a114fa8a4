"""An engine of our own: in a network of its own, with its own data. Linux, root."""

import contextlib
import ctypes
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from check.programs import Refused, output

from .engine import Engine

NEW_NETWORK = 0x40000000
PATIENCE = 60
LOOK = 0.2


@contextlib.contextmanager
def started(state: Path) -> Iterator[Engine]:
    """Images stay in the directory; the engine and its network end with this process."""
    alone()
    with tempfile.TemporaryDirectory(prefix="reelwork-") as run, open(state / "dockerd.log", "wb") as log:
        # The path of a socket may have a hundred characters: it is not below the target directory.
        address = f"unix://{run}/socket"
        # What it mounts ends with it.
        command = [
            "unshare",
            "--mount",
            "dockerd",
            "--host",
            address,
            "--exec-root",
            f"{run}/exec",
            "--pidfile",
            f"{run}/pid",
        ]
        command += ["--data-root", str(state / "data"), "--containerd", ""]
        environment = {"DOCKER_HOST": address, "DOCKER_CONFIG": f"{run}/config", "DOCKER_BUILDKIT": "0"}
        engine = Engine(("docker-compose",), environment, is_private=True)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as dockerd:
            try:
                until_answered(engine, dockerd, state / "dockerd.log")
                yield engine
            finally:
                # It ends its containers first.
                dockerd.terminate()


def alone() -> None:
    """No port and no firewall rule of this machine is touched; only this process and its own have it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK) != 0:
        raise Refused(f"no network of its own: {os.strerror(ctypes.get_errno())}")
    output("ip", "link", "set", "lo", "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def until_answered(engine: Engine, dockerd: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while engine.ended("docker", "info").returncode != 0:
        if dockerd.poll() is not None or time.monotonic() > deadline:
            raise Refused(f"dockerd does not answer: {log.read_text()[-2000:]}")
        time.sleep(LOOK)
