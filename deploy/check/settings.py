"""Whether the program has every setting that is named: it refuses an unknown one only when it starts."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .place import Place, files

# Where settings are given, or explained to people.
GIVEN = (
    "docker-compose.yml",
    "deploy",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "crates/README.md",
    "tests/README.md",
)
# These checks, which name wrong ones on purpose, and installed packages.
LEFT_OUT = ("check", "node_modules")
# The program reads none of these, and says nothing of them.
OF_TESTS = "REELWORK_TEST_"
# Those that tests do read, and what begins every name.
OTHERS = {
    "REELWORK_BIN",
    "REELWORK_TEST_AMQP_URL",
    "REELWORK_TEST_REDIS_URL",
    "REELWORK_TEST_NODE_MODULES",
    "REELWORK_TEST_BACKLOG",
    "REELWORK_TEST_FLOOD",
    "REELWORK_",
}
# Asked too: an answer that does not refuse it is not understood here.
NO_SETTING = "REELWORK_NO__SUCH_SETTING"


def known(place: Place) -> Iterator[str]:
    named = {file: given(file.read_text()) - OTHERS for file in documents(place.root)}
    unknown = refused(place.program, set().union(*named.values(), {NO_SETTING}))
    if NO_SETTING not in unknown:
        yield f"reelwork config check does not refuse {NO_SETTING}"
    for file, names in named.items():
        for name in sorted(names):
            if name in unknown or name.startswith(OF_TESTS):
                yield f"{file.relative_to(place.root)}: there is no setting {name}"


def documents(root: Path) -> Iterator[Path]:
    for path in GIVEN:
        for file in files(root / path):
            if not {*LEFT_OUT} & {*file.relative_to(root).parts}:
                yield file


def given(text: str) -> set[str]:
    """What looks like a variable of ours."""
    return set(re.findall(r"(?<![A-Z0-9_])REELWORK_[A-Z0-9_]*", text))


def refused(program: Path, names: set[str]) -> set[str]:
    """Of these names, the ones that the program does not know."""
    check: list[str | Path] = [program, "config", "check", "--json"]
    with tempfile.TemporaryDirectory() as home:
        # Values are not asked about here.
        environment = dict.fromkeys(names, "1") | {"HOME": home}
        answer = subprocess.run(check, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    problems = json.loads(answer.stdout)["problems"]
    return {problem["source"] for problem in problems if problem["message"] == "unknown variable"}
