"""The containers of every overlay, as kustomize renders it."""

import base64
from collections.abc import Iterator
from typing import Any

from . import kubernetes
from .place import Place
from .workload import Workload

# What is made outside of the manifests: by a person as deploy/kubernetes/README.md says, and by
# RabbitMQ's operator, which ends the address with a slash.
OTHERS = {
    "reelwork": {
        "broker_url": "amqp://reelwork:a-password@rabbitmq.example:5672",
        "ledger_url": "rediss://:a-password@redis.example:6379",
        "kling_api_key": "sk-for-this-check",
        "callback_secrets": "for-this-check-and-not-for-any-use",
    },
    "reelwork-rabbitmq-default-user": {
        "connection_string": "amqp://default_user_Wq7-x_:pw-7_Q@reelwork-rabbitmq.reelwork.svc:5672/",
    },
}

Document = dict[str, Any]
# Of each ConfigMap or Secret, text by key.
Texts = dict[str, dict[str, str]]


def workloads(place: Place) -> Iterator[Workload]:
    for overlay in kubernetes.overlays(place):
        yield from containers(overlay.name, kubernetes.rendered(overlay))


def containers(overlay: str, documents: list[Document]) -> Iterator[Workload]:
    maps, secrets = data(documents, "ConfigMap"), secret_data(documents)
    for deployment in (it for it in documents if it["kind"] == "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        for container in pod["containers"]:
            if "reelwork" in container["image"]:
                yield Workload(
                    name=f"overlay {overlay}: {deployment['metadata']['name']}",
                    arguments=tuple(container.get("args", ())),
                    variables=variables(container, maps),
                    files=dict(mounted(pod, container, secrets)),
                )


def variables(container: Document, maps: Texts) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps.get(source.get("configMapRef", {}).get("name"), {})
    return found | {it["name"]: it["value"] for it in container.get("env", []) if "value" in it}


def mounted(pod: Document, container: Document, secrets: Texts) -> Iterator[tuple[str, str]]:
    """Of the secrets that are mounted, the keys that are."""
    volumes = {volume["name"]: volume.get("secret", {}) for volume in pod.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        source = volumes.get(mount["name"], {})
        held = secrets.get(source.get("secretName", ""), {})
        items = {item["key"]: item["path"] for item in source.get("items", [])} or {key: key for key in held}
        yield from ((f"{mount['mountPath']}/{path}", held[key]) for key, path in items.items() if key in held)


def secret_data(documents: list[Document]) -> Texts:
    secrets = {name: dict(texts) for name, texts in OTHERS.items()}
    for name, encoded in data(documents, "Secret").items():
        decoded = {key: base64.b64decode(text).decode() for key, text in encoded.items()}
        secrets.setdefault(name, {}).update(decoded)
    return secrets


def data(documents: list[Document], kind: str) -> Texts:
    return {it["metadata"]["name"]: it.get("data") or {} for it in documents if it["kind"] == kind}
