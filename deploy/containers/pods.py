"""The overlays for Kubernetes: what podman can play of them starts, and becomes ready.

It knows Deployments, ConfigMaps and Secrets. It has no Services (each Deployment gets its name on the
network instead), no requests of a kubelet (they are made here) and no group for volumes (secrets are
made readable for all). Nothing else of an overlay is started.
"""

import copy
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from check import kubernetes, rendered
from check.compose import IMAGE
from check.place import Place
from check.programs import Refused

from . import podman
from .engine import Engine
from .podman import NETWORK, Podman
from .steps import Run, Verdict

Document = dict[str, Any]
PLAYED = ("Deployment", "ConfigMap", "Secret")
STORES = ("rabbitmq", "redis")
# As deploy/kubernetes/README.md says, and as RabbitMQ's operator writes it, with the addresses of here.
ADDRESSES = {
    "broker_url": "amqp://guest:guest@rabbitmq:5672",
    "ledger_url": "redis://redis:6379",
    "connection_string": "amqp://guest:guest@rabbitmq:5672/",
}
# Without it a ledger is not safe, and no role is ready.
DURABLE = ["--appendonly", "yes"]
# As the overlays name it.
OURS = "reelwork:0.1.0"
PATIENCE = 120
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def played(player: Podman, documents: list[Document], stores: list[Document]) -> Iterator[str]:
    """What is wrong with the pods of one overlay. They are removed afterwards."""
    has_stores = any(it["metadata"]["name"] in STORES for it in documents)
    try:
        for document in deployments(documents if has_stores else [*stores, *documents]):
            name = document["metadata"]["name"]
            manifest = player.given(f"{name}.yaml", together(configuration(documents), document))
            player.output("kube", "play", "--network", f"{NETWORK}:alias={name}", "--replace", manifest)
        for document in deployments(documents):
            yield from unready(player, document)
        if has_stores:
            yield from done(player)
    finally:
        podman.removed(player)


def deployments(documents: list[Document]) -> list[Document]:
    """The stores first: a role that finds none ends, and is started again."""
    found = [it for it in documents if it["kind"] == "Deployment"]
    return sorted(found, key=lambda it: it["metadata"]["name"] not in STORES)


def configuration(documents: list[Document]) -> list[Document]:
    """What the overlay has, and what its README and an operator add."""
    own = [it for it in documents if it["kind"] in ("ConfigMap", "Secret")]
    names = {it["metadata"]["name"] for it in own}
    added = {name: texts for name, texts in rendered.OTHERS.items() if name not in names}
    return [*own, *(secret(name, texts | known(texts)) for name, texts in added.items())]


def known(texts: dict[str, str]) -> dict[str, str]:
    return {key: address for key, address in ADDRESSES.items() if key in texts}


def secret(name: str, texts: dict[str, str]) -> Document:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": texts}


def together(configuration: list[Document], deployment: Document) -> str:
    return "\n---\n".join(json.dumps(it) for it in (*configuration, playable(deployment)))


def playable(deployment: Document) -> Document:
    """Without what podman cannot do; one pod of each."""
    changed = copy.deepcopy(deployment)
    changed["spec"]["replicas"] = 1
    pod = changed["spec"]["template"]["spec"]
    for container in pod["containers"]:
        for name in PROBES:
            container.pop(name, None)
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            volume["secret"]["defaultMode"] = 0o444
    return changed


def unready(player: Podman, deployment: Document) -> Iterator[str]:
    """By the requests that a kubelet would make."""
    name = deployment["metadata"]["name"]
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        ports = {it["name"]: it["containerPort"] for it in container.get("ports", [])}
        for probe in ("livenessProbe", "readinessProbe"):
            if get := container.get(probe, {}).get("httpGet"):
                url = f"http://{address(player, name)}:{ports[get['port']]}{get['path']}"
                if why := refusal(url):
                    yield f"{name}: {get['path']}: {why}; {last_words(player, name, container['name'])}"


def address(player: Podman, name: str) -> str:
    """Its network belongs to the pod's first container."""
    pod = json.loads(player.output("pod", "inspect", f"{name}-pod"))
    pod = pod[0] if isinstance(pod, list) else pod
    networks = player.inspect(pod["InfraContainerID"])["NetworkSettings"]["Networks"]
    return str(networks[NETWORK]["IPAddress"])


def refusal(url: str) -> str | None:
    """The last reason, if it does not become ready."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return None
        except OSError as error:
            if time.monotonic() > deadline:
                return str(error)
        time.sleep(0.5)


def last_words(player: Podman, name: str, container: str) -> str:
    return player.output("logs", "--tail", "3", f"{name}-pod-{container}").strip()[-300:]


def done(player: Podman) -> Iterator[str]:
    """A job ends, and then each role ends by itself."""
    program = ("exec", "worker-pod-reelwork", "/usr/local/bin/reelwork")
    player.output(*program, "submit", "images/generations", "--prompt", "a cat", "--wait", "--timeout", "60s")
    for name in "worker", "poller", "gateway":
        container = f"{name}-pod-reelwork"
        player.output("stop", "--time", "90", container)
        if code := player.inspect(container)["State"]["ExitCode"]:
            yield f"{name} ended with {code}"


def all_play(run: Run) -> Verdict:
    if run.podman is None:
        return Verdict("left out: podman is only started beside an engine of our own")
    with podman.started(run.podman, run.engine, images(run.engine)) as player:
        results = [of_overlay(player, run, overlay) for overlay in kubernetes.overlays(place(run))]
    figures, wrong = zip(*results, strict=True)
    return Verdict("; ".join(figures), [why for each in wrong for why in each])


def images(engine: Engine) -> list[str]:
    engine.output("tag", IMAGE, OURS)
    return [OURS, "rabbitmq:4.2", "redis:7.4"]


def of_overlay(player: Podman, run: Run, overlay: Path) -> tuple[str, list[str]]:
    """What was started of it, and what is wrong."""
    documents = kubernetes.rendered(overlay)
    try:
        wrong = list(played(player, documents, stores(run)))
    except Refused as why:
        wrong = [str(why)]
    return f"{overlay.name}: {figure(documents)}", [f"{overlay.name}: {why}" for why in wrong]


def place(run: Run) -> Place:
    return Place(run.stack.root, run.program or Path())


def stores(run: Run) -> list[Document]:
    """Those of the overlay that has some, with the ledger's on a disk."""
    dev = kubernetes.rendered(run.stack.root / kubernetes.OVERLAYS / "dev")
    found = [it for it in deployments(dev) if it["metadata"]["name"] in STORES]
    for store in found:
        if store["metadata"]["name"] == "redis":
            store["spec"]["template"]["spec"]["containers"][0]["args"] += DURABLE
    return found


def figure(documents: list[Document]) -> str:
    started = [it["metadata"]["name"] for it in deployments(documents)]
    others = sorted({it["kind"] for it in documents if it["kind"] not in PLAYED})
    return f"started {', '.join(started)}, not started {', '.join(others)}"
