"""Alerts, their tests, their runbooks, and the dashboard."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import promql
from .place import Place
from .programs import output, passing

ALERTS = "deploy/monitoring/alerts.yml"
TESTS = "deploy/monitoring/alerts.test.yml"
DASHBOARD = "deploy/monitoring/dashboard.json"
RULES = "deploy/kubernetes/components/monitoring/rules.yaml"
RUNBOOKS = "deploy/monitoring/runbooks"
CONFIGURATION = "deploy/compose/prometheus.yml"


alerts = passing("promtool", "check", "rules", "--lint-fatal", ALERTS)
tests = passing("promtool", "test", "rules", TESTS)


def configuration(place: Place) -> None:
    """Laid out as in its container, with the alerts beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "prometheus.yml").write_text(place.text(CONFIGURATION))
        Path(scratch, "alerts.yml").write_text(place.text(ALERTS))
        output("promtool", "check", "config", "prometheus.yml", directory=Path(scratch))


def on_a_cluster(place: Place) -> Iterator[str]:
    if place.yaml(RULES)["spec"] != place.yaml(ALERTS):
        yield f"{RULES}: its spec is not what {ALERTS} has"


def every_alert_fires(place: Place) -> Iterator[str]:
    """One that no test has seen firing may be one that cannot."""
    fired, wanted = firing(place.yaml(TESTS)), named(place, "alert")
    if not wanted:
        yield f"{ALERTS} has no alert"
    yield from (f"{TESTS}: {name} never fires" for name in wanted if name not in fired)


def firing(tests: dict[str, Any]) -> set[str]:
    """The alerts of which a test expects at least one."""
    expected = [case for test in tests["tests"] for case in test.get("alert_rule_test", [])]
    return {case["alertname"] for case in expected if case.get("exp_alerts")}


def named(place: Place, kind: str) -> list[str]:
    """The names of the rules of this kind: `alert` or `record`."""
    return list(promql.under(kind, place.yaml(ALERTS)))


def runbooks(place: Place) -> Iterator[str]:
    """Whoever is called finds a page, and on it panels that the dashboard has."""
    titles = set(promql.under("title", place.json(DASHBOARD)))
    for name in named(place, "alert"):
        page = f"{RUNBOOKS}/{name}.md"
        if not (place.root / page).is_file():
            yield f"{page} is missing"
            continue
        unknown = (panel for panel in panels(place.text(page)) if panel not in titles)
        yield from (f'{page}: there is no panel "{panel}"' for panel in unknown)


def panels(page: str) -> Iterator[str]:
    """What a line has in quotation marks after the word."""
    for line in page.splitlines():
        yield from line.partition("panel")[2].split('"')[1::2]


def dashboard(place: Place) -> Iterator[str]:
    """Prometheus reads every expression, and every variable is one that the dashboard has."""
    whole = place.json(DASHBOARD)
    exprs = list(promql.under("expr", whole))
    if not exprs:
        yield f"{DASHBOARD} asks for nothing"
    defined = set(promql.under("name", whole["templating"]))
    for name in sorted(set().union(*map(promql.variables, exprs)) - defined):
        if not name.startswith("__"):
            yield f"{DASHBOARD}: there is no variable {name}"
    read_by_prometheus(exprs)


def read_by_prometheus(exprs: list[str]) -> None:
    """As rules that record, for promtool reads no single expression. JSON is YAML too."""
    substituted = enumerate(map(promql.substituted, exprs))
    rules = [{"record": f"dashboard:expr{number}", "expr": expr} for number, expr in substituted]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "dashboard.yml")
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
        output("promtool", "check", "rules", file)
