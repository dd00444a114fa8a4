"""The services of the compose file, under a project name of their own: the user's volumes are left alone."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from check.compose import FILE, IMAGE
from check.programs import Refused

from .engine import Engine

PROJECT = "reelwork-check"
LABEL = "com.docker.compose"
SCALE = ("--scale", "worker=4", "--scale", "poller=2")
# Short waits for a test; everything else is as it is.
FAST = "deploy/containers/fast.yml"


@dataclass(frozen=True)
class Container:
    # As docker inspects it.
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.facts["Name"]).removeprefix(f"/{PROJECT}-")

    @property
    def service(self) -> str:
        return str(self.facts["Config"]["Labels"][f"{LABEL}.service"])

    @property
    def id(self) -> str:
        return str(self.facts["Id"])

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.facts["State"]
        return state

    @property
    def is_healthy(self) -> bool:
        return bool(self.state["Running"] and self.state.get("Health", {}).get("Status") == "healthy")

    @property
    def is_ours(self) -> bool:
        """A role, or the simulator."""
        return bool(self.facts["Config"]["Image"] == IMAGE)


@dataclass(frozen=True)
class Stack:
    engine: Engine
    root: Path

    def compose(self, *words: str, files: tuple[str, ...] = (FILE,)) -> str:
        return self.engine.run(*self.command(*words, files=files), directory=self.root)

    def command(self, *words: str, files: tuple[str, ...] = (FILE,)) -> list[str]:
        named = [word for file in files for word in ("-f", file)]
        return [*self.engine.compose, "--progress", "quiet", "-p", PROJECT, *named, *words]

    def up(self, *more: str) -> None:
        """Returns when everything is healthy."""
        up = ("up", "-d", "--no-build", "--wait", "--wait-timeout", "180", *SCALE)
        try:
            self.compose(*up, files=(FILE, *more))
        except Refused as why:
            raise Refused("\n".join([*self.sick(), str(why)])) from None

    def once(self, service: str, *words: str, given: Iterable[str] = ()) -> subprocess.CompletedProcess[str]:
        """A command of the program, in a container of its own with the settings of this service."""
        command = self.command("run", "--rm", "-T", "--no-deps", service, *words)
        return self.engine.ended(*command, given=given, directory=self.root)

    def containers(self, *services: str) -> list[Container]:
        """All of them, running or not."""
        label = f"label={LABEL}"
        words = ("--filter", f"{label}.project={PROJECT}", "--filter", f"{label}.oneoff=False")
        names = self.engine.output("ps", "-aq", *words).split()
        found = sorted(map(Container, self.engine.inspect(*names)), key=lambda it: it.name)
        return [it for it in found if not services or it.service in services]

    def container(self, name: str) -> Container:
        return next(it for it in self.containers() if it.name == name)

    def sick(self) -> list[str]:
        """Each that is not healthy, with what it logged last."""
        return [
            f"{it.name}: {it.state['Status']}, exit code {it.state['ExitCode']}: {self.last_words(it)}"
            for it in self.containers()
            if not it.is_healthy
        ]

    def last_words(self, container: Container) -> str:
        ended = self.engine.ended("docker", "logs", "--tail", "1", container.id)
        return " ".join((ended.stdout + ended.stderr).split())[-600:]

    def promised(self) -> dict[str, Any]:
        """The services as compose reads them, by name."""
        services: dict[str, Any] = json.loads(self.compose("config", "--format", "json"))["services"]
        return services

    def removed(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")
