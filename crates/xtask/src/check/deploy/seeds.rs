//! Mistakes that people make, each with the step that must see it.

pub(super) struct Seed {
    pub(super) what: &'static str,
    /// Where it is made, below the root: a file, or the first below a directory that has the text.
    pub(super) file: &'static str,
    pub(super) mistake: Mistake,
    pub(super) step: &'static str,
}

pub(super) enum Mistake {
    /// The first of these texts is replaced.
    Instead { of: &'static str, put: &'static str },
    /// The file is removed.
    Gone,
}

use Mistake::{Gone, Instead};

const COMPOSE: &str = "docker-compose.yml";
const DOCKERFILE: &str = "deploy/Dockerfile";
const KUBERNETES: &str = "deploy/kubernetes";
const ALERTS: &str = "deploy/monitoring/alerts.yml";
const DASHBOARD: &str = "deploy/monitoring/dashboard.json";

#[rustfmt::skip] // one mistake, a few lines: it is read as a table
pub(super) const SEEDS: &[Seed] = &[
    Seed { what: "a key that compose does not know", file: COMPOSE, step: "compose schema",
        mistake: Instead { of: "read_only: true", put: "readonly: true" } },
    Seed { what: "a secret that is not defined", file: COMPOSE, step: "compose config",
        mistake: Instead { of: "secrets: [broker_url, ", put: "secrets: [brokers_url, " } },
    Seed { what: "the file of a secret is gone", file: "deploy/compose/secrets/broker_url",
        step: "compose rules", mistake: Gone },
    Seed { what: "a role is killed while it drains", file: COMPOSE, step: "compose rules",
        mistake: Instead { of: "stop_grace_period: 90s", put: "stop_grace_period: 60s" } },
    Seed { what: "a service keeps its capabilities", file: COMPOSE, step: "compose rules",
        mistake: Instead { of: "cap_drop: [ALL]", put: "cap_drop: [NET_RAW]" } },
    Seed { what: "the image runs as root", file: DOCKERFILE, step: "image",
        mistake: Instead { of: "USER 65532:65532", put: "USER 0:0" } },
    Seed { what: "the image is built by what a registry sends", file: DOCKERFILE,
        step: "image rules", mistake: Instead { of: "# docker build", put: "# syntax=docker/dockerfile:1\n# docker build" } },
    Seed { what: "the image is made from latest", file: DOCKERFILE, step: "image",
        mistake: Instead { of: "cc-debian12:nonroot", put: "cc-debian12:latest" } },
    Seed { what: "a setting that the program does not have", file: COMPOSE, step: "settings",
        mistake: Instead { of: "REELWORK_WORKER__DRAIN", put: "REELWORK_WORKER__DRAINS" } },
    Seed { what: "a document tells of a setting that is not there", file: "README.md",
        step: "settings", mistake: Instead { of: "REELWORK_KLING__API_KEY=", put: "REELWORK_API_KEY=" } },
    Seed { what: "a value that the program refuses", file: KUBERNETES, step: "environments",
        mistake: Instead { of: "REELWORK_LIMITS__VIDEOS=20", put: "REELWORK_LIMITS__VIDEOS=many" } },
    Seed { what: "a secret that is mounted elsewhere", file: KUBERNETES, step: "environments",
        mistake: Instead { of: "mountPath: /run/secrets/rabbitmq", put: "mountPath: /run/rabbitmq" } },
    Seed { what: "a role without its key", file: COMPOSE, step: "environments",
        mistake: Instead { of: "REELWORK_KLING__API_KEY_FILE: /run", put: "REELWORK_KLING__API_KEY: \"\" # " } },
    Seed { what: "a secret with spaces", file: "deploy/kubernetes/overlays/dev",
        step: "environments", mistake: Instead { of: "=for-trying-out-and-", put: "=for trying out and " } },
    Seed { what: "a flag that the program does not know", file: COMPOSE, step: "environments",
        mistake: Instead { of: "- --callback-host", put: "- --callback-hosts" } },
    Seed { what: "a mistyped field of a manifest", file: KUBERNETES, step: "kubernetes",
        mistake: Instead { of: "readinessProbe:", put: "readyProbe:" } },
    Seed { what: "a field of a manifest with the wrong type", file: KUBERNETES, step: "kubernetes",
        mistake: Instead { of: "containerPort: ", put: "containerPort: admin # " } },
    Seed { what: "a resource that does not exist", file: "deploy/kubernetes/overlays",
        step: "kubernetes", mistake: Instead { of: "../base", put: "../basis" } },
    Seed { what: "a field that KEDA does not know", file: KUBERNETES, step: "kubernetes",
        mistake: Instead { of: "maxReplicaCount:", put: "maxReplicasCount:" } },
    Seed { what: "a field that RabbitMQ's operator does not know", file: KUBERNETES,
        step: "kubernetes", mistake: Instead { of: "additionalConfig:", put: "extraConfig:" } },
    Seed { what: "an alert on a metric that nobody serves", file: ALERTS, step: "metrics",
        mistake: Instead { of: "(reelwork_", put: "(reelwork_no_" } },
    Seed { what: "a panel of a metric that nobody serves", file: DASHBOARD, step: "metrics",
        mistake: Instead { of: "(reelwork_", put: "(reelwork_no_" } },
    Seed { what: "a panel that Prometheus cannot read", file: DASHBOARD, step: "dashboard",
        mistake: Instead { of: "\"expr\": \"", put: "\"expr\": \"(" } },
    Seed { what: "an alert that does not fire in its test", file: ALERTS, step: "alert tests",
        mistake: Instead { of: " > ", put: " > 1e15 + " } },
    Seed { what: "an alert that no test has seen firing", file: ALERTS, step: "alerts fire",
        mistake: Instead { of: "- alert: ", put: "- alert: Untested" } },
    Seed { what: "an alert that is otherwise on a cluster", file: KUBERNETES,
        step: "operator rules", mistake: Instead { of: "for: 10m", put: "for: 11m" } },
    Seed { what: "an alert without a runbook", file: "deploy/monitoring/runbooks",
        step: "runbooks", mistake: Gone },
    Seed { what: "a runbook that names a panel that is not there",
        file: "deploy/monitoring/runbooks", step: "runbooks",
        mistake: Instead { of: "panel \"", put: "panel \"No " } },
];
