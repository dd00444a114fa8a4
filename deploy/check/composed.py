"""The services of the compose file, alone and with the real provider."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import compose
from .place import Place
from .workload import Workload


def workloads(place: Place) -> Iterator[Workload]:
    for files in [compose.FILE], [compose.FILE, compose.REAL]:
        merged = compose.whole(place, files)
        for name, service in merged["services"].items():
            if service.get("image") == compose.IMAGE:
                yield Workload(
                    name=f"{' with '.join(files)}: {name}",
                    arguments=tuple(service.get("command") or ()),
                    variables={k: v for k, v in service["environment"].items() if v is not None},
                    files=dict(mounted(merged, service)),
                )


def mounted(merged: dict[str, Any], service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Secrets, where compose puts them."""
    for secret in service.get("secrets") or []:
        source = secret["source"]
        path = Path("/run/secrets", secret.get("target", source))
        yield str(path), Path(merged["secrets"][source]["file"]).read_text()
