"""Podman of another release, in a file system of its own: it plays those kinds of Kubernetes that run."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from check.programs import Refused, output

from . import debian
from .engine import Engine

PACKAGES = "podman,runc,netavark,aardvark-dns,nftables,catatonit,ca-certificates"
# Its root becomes the root of its processes: what mounts for containers needs one that is a mount.
ENTER = """
mount --bind "$0" "$0"; cd "$0"; mkdir -p old
for each in proc sys dev; do mount --rbind /$each $each; done
mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
pivot_root . old; umount -l old; echo entered; exec sleep infinity
"""
# crun refuses hosts that have the first and the second kind of control groups.
CONFIGURATION = '[engine]\nruntime = "runc"\n'
ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "PODMAN_IGNORE_CGROUPSV1_WARNING=1")
NETWORK = "reelwork"


def made(directory: Path) -> Path:
    """Its file system. Needs the network."""
    tar = directory / "podman.tar"
    debian.installed(tar, PACKAGES)
    return tar


@dataclass(frozen=True)
class Podman:
    root: Path
    # The process that holds its mounts.
    holder: int

    def output(self, *words: str) -> str:
        """What it printed."""
        enter = ("nsenter", "--target", str(self.holder), "--mount", "--root")
        return output(*enter, "env", "-i", "-C", "/", *ENVIRONMENT, "podman", *words)

    def inspect(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output("container", "inspect", container))[0]
        return found

    def given(self, name: str, text: str) -> str:
        """A file that it can read, by the path that it has there."""
        (self.root / "srv" / name).write_text(text)
        return f"/srv/{name}"


@contextlib.contextmanager
def started(tar: Path, engine: Engine, images: list[str]) -> Iterator[Podman]:
    """With these images of the engine; its containers end with this."""
    root = tar.with_suffix("")
    # With the images of the last run. Never through a mount, if one should be left.
    output("rm", "-rf", "--one-file-system", root)
    root.mkdir()
    output("tar", "-C", root, "-xf", tar)
    (root / "etc/containers/containers.conf").write_text(CONFIGURATION)
    engine.output("save", "--output", str(root / "srv/images.tar"), *images)
    enter = ["unshare", "--mount", "sh", "-ec", ENTER, str(root)]
    with subprocess.Popen(enter, stdout=subprocess.PIPE, text=True) as holder:
        try:
            if not holder.stdout or not holder.stdout.readline():
                raise Refused("podman has no file system")
            podman = Podman(root, holder.pid)
            podman.output("load", "--quiet", "--input", "/srv/images.tar")
            podman.output("network", "create", "--ignore", NETWORK)
            yield podman
        finally:
            with contextlib.suppress(Refused, UnboundLocalError):
                removed(podman)
            holder.kill()


def removed(podman: Podman) -> None:
    podman.output("pod", "rm", "--all", "--force", "--time", "5")
    podman.output("volume", "rm", "--all", "--force")
    podman.output("secret", "rm", "--all")
