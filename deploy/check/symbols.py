"""Whether addresses in the program that the image ships can be read with the symbols that are kept."""

import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import image
from .place import Place
from .programs import Refused, output

# Without them the symbols tell functions and no lines.
LINES = "CARGO_PROFILE_RELEASE_DEBUG=line-tables-only cargo rustc --release "
# Of the Dockerfile.
BUILT, SHIPPED, SYMBOLS = "target/release/reelwork", "/out/reelwork", "/out/reelwork.debug"
FUNCTION, LINE = "reelwork::main", "reelwork/src/main.rs:"


def kept(place: Place) -> Iterator[str]:
    """Does to the built program what the Dockerfile does."""
    dockerfile = place.text(image.FILE)
    if LINES not in dockerfile:
        yield f"{image.FILE}: the program is built without line tables"
        return
    with tempfile.TemporaryDirectory() as scratch:
        separated(dockerfile, place.program, Path(scratch))
        shipped, symbols = (Path(scratch, Path(file).name) for file in (SHIPPED, SYMBOLS))
        address = address_of_main(symbols)
        # The link is followed to the file beside it.
        if LINE not in output("addr2line", "-e", shipped, address):
            yield f"{image.FILE}: the symbols tell no line of {FUNCTION}"
        symbols.unlink()
        if LINE in output("addr2line", "-e", shipped, address):
            yield f"{image.FILE}: the image ships the line tables"


def separated(dockerfile: str, program: Path, out: Path) -> None:
    """What the image ships, and the symbols that it does not."""
    for command in re.findall(r"\bobjcopy [^&\n]+", dockerfile.replace("\\\n", "")):
        output(*shlex.split(command.replace("/out", str(out)).replace(BUILT, str(program))))


def address_of_main(symbols: Path) -> str:
    found = re.search(rf"^(\w+) \w {FUNCTION}$", output("nm", "--demangle", symbols), re.MULTILINE)
    if not found:
        raise Refused(f"{image.FILE}: the symbols do not name {FUNCTION}")
    return found[1]
