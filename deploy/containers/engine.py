"""A container engine, driven by its own commands."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from check.programs import Refused

# No command of these takes longer, unless it has stopped.
PATIENCE = 900


@dataclass(frozen=True)
class Engine:
    # The program of Compose.
    compose: tuple[str, ...] = ("docker", "compose")
    environment: Mapping[str, str] = field(default_factory=dict)
    # Images come from a registry; otherwise they are stand-ins.
    is_private: bool = False

    def output(self, *words: str) -> str:
        return self.run("docker", *words)

    def run(self, *command: str, directory: Path | None = None) -> str:
        ended = self.ended(*command, directory=directory)
        if ended.returncode != 0:
            words = (ended.stdout + ended.stderr).strip()
            raise Refused(words[-2000:] or f"{command[0]} ended with {ended.returncode}")
        return ended.stdout

    def ended(
        self, *command: str, given: Iterable[str] = (), directory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Whatever its exit code. It is given lines, which may be larger than the memory."""
        environment = os.environ | dict(self.environment)
        try:
            with tempfile.TemporaryFile("w+") as lines:
                lines.writelines(f"{line}\n" for line in given)
                lines.seek(0)
                return subprocess.run(
                    command, stdin=lines, capture_output=True, text=True,
                    timeout=PATIENCE, cwd=directory, env=environment,
                )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused(f"{command[0]}: {error}") from None

    def packed(self, *command: str) -> bytes:
        """An archive that it printed."""
        ended = subprocess.run(command, capture_output=True, env=os.environ | dict(self.environment))
        if ended.returncode != 0:
            raise Refused(ended.stderr.decode(errors="replace").strip())
        return ended.stdout

    def inspect(self, *names: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.output("inspect", *names)) if names else []
        return found

    def versions(self) -> str:
        server = self.output("version", "--format", "{{.Server.Version}}").strip()
        compose = self.run(*self.compose, "version", "--short").strip()
        return f"Docker {server}, Compose {compose}"
