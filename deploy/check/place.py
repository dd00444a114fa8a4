"""The tree that is checked."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Place:
    root: Path
    # The built reelwork, which answers what it takes.
    program: Path

    def text(self, file: str) -> str:
        return (self.root / file).read_text()

    def json(self, file: str) -> Any:
        return json.loads(self.text(file))

    def yaml(self, file: str) -> Any:
        """Its only document."""
        return yaml.safe_load(self.text(file))


def files(path: Path) -> list[Path]:
    """Itself, or all below it in an order that does not change."""
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
