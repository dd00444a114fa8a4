"""File systems from Debian's packages, for images that no registry sends."""

import shutil
import tempfile
from pathlib import Path

from check.programs import Refused, output

RELEASE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Neither is read by a server.
WITHOUT = ("doc", "man", "locale", "info")


def installed(tar: Path, packages: str, *hooks: str) -> None:
    """The packages with all that they need; a hook is a script of the shell that gets the root as `$1`.

    Kept until one of these changes.
    """
    recipe = "\n".join((RELEASE, packages, *hooks))
    made_of = tar.with_suffix(".recipe")
    if made_of.exists() and made_of.read_text() == recipe:
        return
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{it}/*" for it in WITHOUT]
    after = [f"--customize-hook={hook}" for hook in (*hooks, 'rm -rf "$1"/var/lib/apt/lists/*')]
    source = f"deb [signed-by={KEYRING}] {mirror()} {RELEASE} main"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}"]
    output(*command, *left_out, *after, RELEASE, tar, source)
    made_of.write_text(recipe)


def unpacked(root: Path, *packages: str) -> None:
    """The files of these packages of this machine's own release; no script of theirs is run."""
    with tempfile.TemporaryDirectory() as scratch:
        output(
            "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *packages, directory=Path(scratch)
        )
        for package in sorted(Path(scratch).iterdir()):
            output("dpkg", "-x", package, root)
    for name in WITHOUT:
        shutil.rmtree(root / "usr/share" / name, ignore_errors=True)


def mirror() -> str:
    """Where this machine has its own release from: it has the others too."""
    own = f"{release()} main "
    targets = output("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)")
    for line in targets.splitlines():
        if line.startswith(own):
            return line.removeprefix(own)
    raise Refused("apt's configuration does not name this release")


def release() -> str:
    pairs = (line.partition("=") for line in Path("/etc/os-release").read_text().splitlines())
    return {name: value.strip('"') for name, _, value in pairs}.get("VERSION_CODENAME", "")
