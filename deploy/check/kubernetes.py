"""What runs on a cluster: every overlay, as kustomize renders it."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from .place import Place
from .programs import Refused, output

OVERLAYS = "deploy/kubernetes/overlays"
# The oldest and the newest cluster that it must fit.
RELEASES = ("1.32", "1.37")
# The operators' own kinds, of which a validator of the cluster's kinds knows nothing: for each a schema
# with the fields that it must and may have, as far as they are used here.
KINDS = Path(__file__).with_name("kinds")


def manifests(place: Place) -> Iterator[str]:
    """Each overlay is checked, whatever became of the others."""
    if not overlays(place):
        yield f"{OVERLAYS} is empty"
    for overlay in overlays(place):
        try:
            documents = rendered(overlay)
        except Refused as why:
            yield f"overlay {overlay.name}: {why}"
            continue
        for document in documents:
            wrong = against_schema(json.dumps(document, default=str))
            yield from (f"overlay {overlay.name}: {named(document)}: {why}" for why in wrong)


def overlays(place: Place) -> list[Path]:
    return sorted((place.root / OVERLAYS).iterdir())


def rendered(overlay: Path) -> list[dict[str, Any]]:
    return [it for it in yaml.safe_load_all(output("kustomize", "build", overlay)) if it]


def named(document: dict[str, Any]) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


# The validator reads its schemas anew for every document, and most documents occur again.
@functools.cache
def against_schema(text: str) -> tuple[str, ...]:
    document = json.loads(text)
    schema = operators_schemas().get((document["apiVersion"], document["kind"]))
    return tuple(by_operator(document, schema) if schema else by_cluster(document))


def by_operator(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    yield from (f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(document))


def by_cluster(document: dict[str, Any]) -> Iterator[str]:
    """A kind that nobody knows is wrong: nobody would have looked at it."""
    for release in RELEASES:
        try:
            kubernetes_validate.validate(document, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"Kubernetes {release}: {'.'.join(map(str, error.path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield error.message


@functools.cache
def operators_schemas() -> dict[tuple[str, ...], dict[str, Any]]:
    """By the version and the kind that they are for."""
    schemas = [json.loads(file.read_text()) for file in KINDS.iterdir()]
    return {tuple(it["properties"][name]["const"] for name in ("apiVersion", "kind")): it for it in schemas}
