"""What a PromQL expression asks for, and a dashboard's expressions as Prometheus would get them."""

import re
from collections.abc import Iterator
from typing import Any

QUOTE = r"[\"'`]"


def names(expr: str) -> set[str]:
    """The metrics of ours in it, and the recorded rules. What stands in quotes is no name."""
    bare = " ".join(re.split(QUOTE, expr)[::2])
    return {word for word in re.findall(r"[A-Za-z0-9_:]+", bare) if is_ours(word) or is_recorded(word)}


def is_ours(word: str) -> bool:
    return word.startswith(("reelwork_", "process_"))


def is_recorded(word: str) -> bool:
    return ":" in word and word[0].isalpha()


def under(key: str, value: Any) -> Iterator[str]:
    """Every text under this key, wherever it is."""
    if isinstance(value, list):
        for item in value:
            yield from under(key, item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == key and isinstance(item, str):
                yield item
            else:
                yield from under(key, item)


# `$name`, or `${name:format}`.
VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")


def variables(expr: str) -> set[str]:
    return {braced or bare for braced, bare in VARIABLE.findall(expr)}


def substituted(expr: str) -> str:
    """With a value for each variable: a duration in brackets, a text in quotes, else a number."""
    return VARIABLE.sub(lambda found: example(expr[: found.start()], found[1] or found[2]), expr)


def example(before: str, name: str) -> str:
    if len(re.findall(QUOTE, before)) % 2 == 1:
        return "any"
    is_range = before.endswith(("[", ":")) or before.rstrip().endswith("offset")
    return "5m" if is_range or name in ("__interval", "__rate_interval", "__range") else "1"
