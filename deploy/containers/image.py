"""The image, as the Dockerfile makes it."""

import tempfile
from pathlib import Path

from check import image, symbols
from check.compose import IMAGE
from check.programs import Refused, output

from .steps import Run, Verdict

# Of the program, what it is linked with, authorities and time zones.
MOST_MB = 35


def built(run: Run) -> Verdict:
    if run.engine.is_private:
        around(run, run.program)
    else:
        run.stack.compose("build")
    size = int(run.engine.output("image", "inspect", "--format", "{{.Size}}", IMAGE)) / 1e6
    wrong = [f"it may have {MOST_MB} MB"] if size > MOST_MB else []
    return Verdict(f"{size:.1f} MB", wrong)


def around(run: Run, program: Path | None) -> None:
    """The Dockerfile's last stage, with what its first one would give: no registry sends a compiler."""
    if program is None or "INTERP" in output("readelf", "--program-headers", "--wide", program):
        raise Refused(f"{program} is not linked as {image.FILE} links it, and the image has no loader")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "out")
        (out / "state").mkdir(parents=True)
        text = (run.stack.root / image.FILE).read_text()
        symbols.separated(text, program, out)
        _, _, last = text.rpartition("\nFROM ")
        Path(scratch, "Dockerfile").write_text(f"FROM scratch AS build\nCOPY out /out\nFROM {last}")
        run.engine.output("build", "--quiet", "--tag", IMAGE, scratch)
