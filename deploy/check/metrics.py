"""Whether what alerts and dashboard ask for is served: to Prometheus a wrong name is no error, but an
alert that never fires."""

from collections.abc import Iterator

from . import promql
from .monitoring import ALERTS, DASHBOARD, TESTS, named
from .place import Place

# What the program serves: a name and a type a line.
SERVED = "deploy/monitoring/metrics.txt"
# Under what a sample of each type is found.
ENDINGS = {
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("", "_sum", "_count"),
    "counter": ("",),
    "gauge": ("",),
    "info": ("",),
}


def known(place: Place) -> Iterator[str]:
    available = served(place.text(SERVED)) | set(named(place, "record"))
    for file, exprs in asked(place).items():
        for name in sorted(set().union(*map(promql.names, exprs)) - available):
            yield f"{file}: {complaint(name)}"


def complaint(name: str) -> str:
    if promql.is_recorded(name):
        return f"no rule records {name}"
    return f"nobody serves {name}: it is not in {SERVED}"


def asked(place: Place) -> dict[str, list[str]]:
    """What each file asks for. A test of series that are not served would show nothing."""
    documents = {
        ALERTS: (place.yaml(ALERTS), ["expr"]),
        TESTS: (place.yaml(TESTS), ["series", "expr"]),
        DASHBOARD: (place.json(DASHBOARD), ["expr", "query", "definition"]),
    }
    return {
        file: [expr for key in keys for expr in promql.under(key, document)]
        for file, (document, keys) in documents.items()
    }


def served(listed: str) -> set[str]:
    """Every name under which a sample is found."""
    found = set()
    for line in map(str.strip, listed.splitlines()):
        if line and not line.startswith("#"):
            name, _, kind = line.partition(" ")
            if kind.strip() not in ENDINGS:
                raise ValueError(f"{SERVED}: {line!r} has no type that is known")
            found |= {name + ending for ending in ENDINGS[kind.strip()]}
    return found
