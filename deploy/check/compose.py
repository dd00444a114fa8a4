"""What runs on one host."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .place import Place
from .programs import output, passing

FILE = "docker-compose.yml"
# Laid over it: the real provider.
REAL = "deploy/compose/real.yml"
# Of the services that are this program.
IMAGE = "reelwork:local"
# What REAL needs from whoever starts it.
VARIABLES = {
    "KLING_API_KEY_PATH": "deploy/secrets/kling_api_key",
    "CALLBACK_SECRETS_PATH": "deploy/compose/secrets/callback_secrets",
}

# What its container is limited to, and from where on publishers wait.
BROKER = "deploy/compose/rabbitmq.conf"
TOTAL, WATERMARK = "total_memory_available_override_value", "vm_memory_high_watermark.relative"

Service = dict[str, Any]


schema = passing("check-jsonschema", "--builtin-schema", "vendor.compose-spec", FILE, REAL)


def config(place: Place) -> None:
    """As compose itself reads it: without a profile, with each, and with the real provider."""
    compose(place, [FILE], "config", "-q")
    for profile in [*compose(place, [FILE], "config", "--profiles").split(), "*"]:
        for files in [FILE], [FILE, REAL]:
            compose(place, files, "--profile", profile, "config", "-q")


def rules(place: Place) -> Iterator[str]:
    """What compose accepts and we do not."""
    merged = whole(place, [FILE])
    for name, service in merged["services"].items():
        for rule, holds in RULES.items():
            if not holds(name, service):
                yield f"{FILE}: {name}: not so: {rule}"
    for file in mounted(merged):
        # The engine would make a directory of it.
        if not Path(file).is_file():
            yield f"{FILE}: mounts {file}, which is no file"


def broker_memory(place: Place) -> Iterator[str]:
    """RabbitMQ sees the memory of the host, so it has to be given that of its container."""
    given = dict(re.findall(r"^([\w.]+) *= *(\S+)$", place.text(BROKER), re.MULTILINE))
    limit = whole(place, [FILE])["services"]["rabbitmq"]["mem_limit"]
    if given.get(TOTAL) != limit:
        yield f"{BROKER}: {TOTAL} is {given.get(TOTAL)}, and the container has {limit} bytes"
    if float(given.get(WATERMARK, 1)) > 0.5:
        yield f"{BROKER}: {WATERMARK} leaves too little to messages that are under way"


def whole(place: Place, files: list[str]) -> dict[str, Any]:
    """All of it, as compose reads it."""
    merged: dict[str, Any] = json.loads(compose(place, files, "--profile", "*", "config", "--format", "json"))
    return merged


def compose(place: Place, files: list[str], *arguments: str) -> str:
    named = [word for file in files for word in ("-f", file)]
    environment = os.environ | VARIABLES
    return output("docker-compose", *named, *arguments, directory=place.root, environment=environment)


def mounted(merged: dict[str, Any]) -> Iterator[str]:
    yield from (secret["file"] for secret in merged.get("secrets", {}).values() if "file" in secret)
    for service in merged["services"].values():
        yield from (it["source"] for it in service.get("volumes") or [] if it["type"] == "bind")


def is_pinned(service: Service) -> bool:
    _, _, tag = service.get("image", "").rpartition(":")
    return tag not in ("", "latest", service.get("image")) and "/" not in tag


def has_health_check(name: str, service: Service) -> bool:
    check = service.get("healthcheck")
    # Its image has none, and holds nothing that could ask.
    if name == "otel-collector" and check is None:
        return True
    # One that is disabled fails `up --wait`.
    return check is not None and not check.get("disable")


def can_be_scaled(name: str, service: Service) -> bool:
    is_free = "container_name" not in service and "ports" not in service
    return is_free or name not in ("worker", "poller")


def is_local(service: Service) -> bool:
    return all(port.get("host_ip") == "127.0.0.1" for port in service.get("ports") or [])


def outlives_drain(service: Service) -> bool:
    if service.get("image") != IMAGE or (service.get("command") or [""])[0] == "simulator":
        return True
    grace = seconds(service.get("stop_grace_period"))
    drain = seconds((service.get("environment") or {}).get("REELWORK_WORKER__DRAIN"))
    return grace is not None and drain is not None and grace > drain


def seconds(written: str | None) -> int | None:
    """Of `1m30s`, as compose writes it."""
    if not written or not re.fullmatch(r"(\d+[hms])+", written):
        return None
    scale = {"h": 3600, "m": 60, "s": 1}
    return sum(int(number) * scale[unit] for number, unit in re.findall(r"(\d+)([hms])", written))


# What must hold for every service.
RULES: dict[str, Callable[[str, Service], bool]] = {
    "the image has a tag that is not latest": lambda _, it: is_pinned(it),
    "the root file system is read-only": lambda _, it: it.get("read_only") is True,
    "/tmp is in memory": lambda _, it: "/tmp" in (it.get("tmpfs") or []),
    "no capability is kept": lambda _, it: "ALL" in (it.get("cap_drop") or []),
    "no privilege is gained": lambda _, it: "no-new-privileges:true" in (it.get("security_opt") or []),
    "memory has a limit": lambda _, it: isinstance(it.get("mem_limit"), str),
    "the number of processes has a limit": lambda _, it: isinstance(it.get("pids_limit"), int),
    "a health check is set, and not disabled": has_health_check,
    "it comes back": lambda _, it: it.get("restart") == "unless-stopped",
    "it can be scaled: no name, no host port": can_be_scaled,
    "a role is given longer to stop than it drains": lambda _, it: outlives_drain(it),
    "a host port is on this host only": lambda _, it: is_local(it),
}
