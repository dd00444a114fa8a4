"""Whether the program takes the environment and the arguments of every container of ours."""

from collections.abc import Iterator

from . import composed, rendered
from .place import Place


def taken(place: Place) -> Iterator[str]:
    for workload in [*composed.workloads(place), *rendered.workloads(place)]:
        yield from (f"{workload.name}: {why}" for why in workload.wrong(place.program))
