"""usage: python -m check [--seeded] --root DIRECTORY --program REELWORK"""

import argparse
import sys
from pathlib import Path

from . import seeded, steps
from .place import Place


def main() -> bool:
    parser = argparse.ArgumentParser(prog="check", description="Checks what is deployed.")
    parser.add_argument("--root", type=Path, required=True, help="the tree")
    parser.add_argument("--program", type=Path, required=True, help="the built reelwork")
    parser.add_argument("--seeded", action="store_true", help="also makes known mistakes; each must be found")
    options = parser.parse_args()
    place = Place(options.root.resolve(), options.program.resolve())
    return seeded.all_found(place) if options.seeded else steps.passes(place)


sys.exit(not main())
