"""Other programs, found on PATH."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from .place import Place


class Refused(Exception):
    """A program ended badly, or could not be started; the text says why."""


def output(
    *command: str | Path, directory: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    """What it printed."""
    try:
        ended = subprocess.run(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except OSError as error:
        raise Refused(f"{command[0]}: {error}") from None
    if ended.returncode != 0:
        raise Refused((ended.stdout + ended.stderr).strip() or f"{command[0]} ended with {ended.returncode}")
    return ended.stdout


def passing(*command: str) -> Callable[[Place], None]:
    """A check that passes when this program does, at the root."""

    def check(place: Place) -> None:
        output(*command, directory=place.root)

    return check
