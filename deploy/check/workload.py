"""A container of ours, and whether the program takes what it is given."""

import functools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .programs import Refused, output

# What a role needs beside what has a default, or `_FILE` with it.
NEEDED = {
    "worker": ("BROKER__URL", "LEDGER__URL", "KLING__API_KEY"),
    "poller": ("BROKER__URL", "LEDGER__URL", "KLING__API_KEY"),
    "gateway": ("BROKER__URL", "LEDGER__URL", "GATEWAY__CALLBACK_SECRETS"),
}


@dataclass(frozen=True)
class Workload:
    name: str
    arguments: tuple[str, ...]
    variables: dict[str, str]
    # What is mounted: text by path.
    files: dict[str, str]

    def wrong(self, program: Path) -> Iterator[str]:
        yield from self.missing()
        paths = {name: path for name, path in self.variables.items() if is_path(name)}
        absent = {name: path for name, path in paths.items() if path not in self.files}
        yield from (f"{name}: nothing is mounted at {path}" for name, path in absent.items())
        if not absent:
            secrets = {name: self.files[path] for name, path in paths.items()}
            plain = {name: value for name, value in self.variables.items() if name not in paths}
            yield from started(program, self.arguments, pairs(plain), pairs(secrets))

    def missing(self) -> Iterator[str]:
        role = self.arguments[0] if self.arguments else ""
        for name in NEEDED.get(role, ()):
            name = f"REELWORK_{name}"
            if not self.variables.get(name) and not self.variables.get(f"{name}_FILE"):
                yield f"{role} is not given {name}"


def is_path(variable: str) -> bool:
    return variable.startswith("REELWORK_") and variable.endswith("_FILE")


Pairs = tuple[tuple[str, str], ...]


def pairs(of: dict[str, str]) -> Pairs:
    return tuple(sorted(of.items()))


# Most workloads are the same in the next tree: the same question has the same answer.
@functools.cache
def started(program: Path, arguments: tuple[str, ...], plain: Pairs, secrets: Pairs) -> tuple[str, ...]:
    """Does nothing but read the configuration, and then the words of the command."""
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(plain) | {"HOME": scratch}
        for name, text in secrets:
            environment[name] = str(Path(scratch, name))
            Path(scratch, name).write_text(text)
        for words in ("config", "check"), (*arguments, "--help"):
            try:
                output(program, *words, environment=environment)
            except Refused as why:
                wrong.append(str(why))
    return tuple(wrong)
