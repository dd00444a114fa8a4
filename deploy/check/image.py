"""How the image is built."""

import re
from collections.abc import Iterator

from .place import Place
from .programs import passing

FILE = "deploy/Dockerfile"


# Everything that the linter knows; what is meant otherwise says so in the file.
lint = passing("hadolint", "--no-color", FILE)


def rules(place: Place) -> Iterator[str]:
    """What the linter accepts and we do not."""
    yield from fetched(place.text(FILE))


def fetched(dockerfile: str) -> Iterator[str]:
    """A frontend for the file, fetched from a registry for every build."""
    for number, line in enumerate(dockerfile.splitlines(), 1):
        if re.match(r"\s*#\s*syntax\s*=", line, re.IGNORECASE):
            yield f"{FILE}: line {number} has a syntax fetched: {line}"
