"""Mistakes that people make, each with the step that must find it."""

from typing import NamedTuple

COMPOSE = "docker-compose.yml"
BROKER = "deploy/compose/rabbitmq.conf"
DOCKERFILE = "deploy/Dockerfile"
KUBERNETES = "deploy/kubernetes"
OVERLAYS = "deploy/kubernetes/overlays"
ALERTS = "deploy/monitoring/alerts.yml"
DASHBOARD = "deploy/monitoring/dashboard.json"
RUNBOOKS = "deploy/monitoring/runbooks"


class Replaced(NamedTuple):
    """The first of these texts."""

    old: str
    new: str


class Removed(NamedTuple):
    """The file."""


class Seed(NamedTuple):
    what: str
    # A file, or the first below a directory in which it can be made.
    file: str
    mistake: Replaced | Removed
    step: str
    # Part of what the step must say: it could fail for another reason.
    said: str


SEEDS = [
    Seed("a key that compose does not know", COMPOSE,
         Replaced("read_only: true", "readonly: true"),
         "compose schema", "'readonly' was unexpected"),
    Seed("a secret that is not defined", COMPOSE,
         Replaced("secrets: [broker_url, ", "secrets: [brokers_url, "),
         "compose config", "undefined secret brokers_url"),
    Seed("the file of a secret is gone", "deploy/compose/secrets/broker_url",
         Removed(),
         "compose rules", "broker_url, which is no file"),
    Seed("a role is killed while it drains", COMPOSE,
         Replaced("stop_grace_period: 90s", "stop_grace_period: 60s"),
         "compose rules", "worker: not so: a role is given longer to stop"),
    Seed("a service keeps its capabilities", COMPOSE,
         Replaced("cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
         "compose rules", "not so: no capability is kept"),
    Seed("a broker that takes the host's memory", BROKER,
         Replaced("total_memory_available", "# total_memory_available"),
         "broker memory", "total_memory_available_override_value is None"),
    Seed("a broker that knows another limit than its container has", COMPOSE,
         Replaced("mem_limit: 1g", "mem_limit: 512m"),
         "broker memory", "the container has 536870912 bytes"),
    Seed("the image runs as root", DOCKERFILE,
         Replaced("USER 65532:65532", "USER 0:0"),
         "image", "DL3002"),
    Seed("the image is built by what a registry sends", DOCKERFILE,
         Replaced("# docker build", "# syntax=docker/dockerfile:1\n# docker build"),
         "image rules", "line 1 has a syntax fetched"),
    Seed("the image is made from latest", DOCKERFILE,
         Replaced("static-debian12:nonroot", "static-debian12:latest"),
         "image", "DL3007"),
    Seed("the image is built without line tables", DOCKERFILE,
         Replaced("CARGO_PROFILE_RELEASE_DEBUG=line-tables-only ", ""),
         "symbols", "built without line tables"),
    Seed("the symbols are kept without lines", DOCKERFILE,
         Replaced("--only-keep-debug", "--strip-debug"),
         "symbols", "the symbols tell no line"),
    Seed("the image ships its symbols", DOCKERFILE,
         Replaced("--strip-all ", ""),
         "symbols", "the image ships the line tables"),
    Seed("a setting that the program does not have", COMPOSE,
         Replaced("REELWORK_WORKER__DRAIN", "REELWORK_WORKER__DRAINS"),
         "settings", "there is no setting REELWORK_WORKER__DRAINS"),
    Seed("a document tells of a setting that is not there", "README.md",
         Replaced("REELWORK_KLING__API_KEY=", "REELWORK_API_KEY="),
         "settings", "there is no setting REELWORK_API_KEY"),
    Seed("a value that the program refuses", KUBERNETES,
         Replaced("REELWORK_LIMITS__VIDEOS=20", "REELWORK_LIMITS__VIDEOS=many"),
         "environments", '"many" is not a whole number'),
    Seed("a secret that is mounted elsewhere", KUBERNETES,
         Replaced("mountPath: /run/secrets/rabbitmq", "mountPath: /run/rabbitmq"),
         "environments", "nothing is mounted at /run/secrets/rabbitmq"),
    Seed("a role without its key", COMPOSE,
         Replaced("REELWORK_KLING__API_KEY_FILE: /run", 'REELWORK_KLING__API_KEY: "" # '),
         "environments", "worker is not given REELWORK_KLING__API_KEY"),
    Seed("a secret with spaces", "deploy/kubernetes/overlays/dev",
         Replaced("=for-trying-out-and-", "=for trying out and "),
         "environments", "holds a space"),
    Seed("a flag that the program does not know", COMPOSE,
         Replaced("- --callback-host", "- --callback-hosts"),
         "environments", "unexpected argument '--callback-hosts'"),
    Seed("a mistyped field of a manifest", KUBERNETES,
         Replaced("readinessProbe:", "readyProbe:"),
         "kubernetes", "'readyProbe' was unexpected"),
    Seed("a field of a manifest with the wrong type", KUBERNETES,
         Replaced("containerPort: ", "containerPort: admin # "),
         "kubernetes", "'admin' is not of type 'integer'"),
    Seed("a resource that does not exist", OVERLAYS,
         Replaced("../base", "../basis"),
         "kubernetes", "../../basis"),
    Seed("a field that KEDA does not know", KUBERNETES,
         Replaced("maxReplicaCount:", "maxReplicasCount:"),
         "kubernetes", "'maxReplicasCount' was unexpected"),
    Seed("a field that RabbitMQ's operator does not know", KUBERNETES,
         Replaced("additionalConfig:", "extraConfig:"),
         "kubernetes", "'extraConfig' was unexpected"),
    Seed("an alert on a metric that nobody serves", ALERTS,
         Replaced("(reelwork_", "(reelwork_no_"),
         "metrics", "alerts.yml: nobody serves reelwork_no_"),
    Seed("a panel of a metric that nobody serves", DASHBOARD,
         Replaced("(reelwork_", "(reelwork_no_"),
         "metrics", "dashboard.json: nobody serves reelwork_no_"),
    Seed("a panel that Prometheus cannot read", DASHBOARD,
         Replaced('"expr": "', '"expr": "('),
         "dashboard", "unclosed left parenthesis"),
    Seed("an alert that does not fire in its test", ALERTS,
         Replaced(" > ", " > 1e15 + "),
         "alert tests", "got:[]"),
    Seed("an alert that no test has seen firing", ALERTS,
         Replaced("- alert: ", "- alert: Untested"),
         "alerts fire", "never fires"),
    Seed("an alert that is otherwise on a cluster", KUBERNETES,
         Replaced("for: 10m", "for: 11m"),
         "operator rules", "its spec is not what"),
    Seed("an alert without a runbook", RUNBOOKS,
         Removed(),
         "runbooks", "is missing"),
    Seed("a runbook that names a panel that is not there", RUNBOOKS,
         Replaced('panel "', 'panel "No '),
         "runbooks", "there is no panel"),
]
