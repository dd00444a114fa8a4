//! What runs on one host.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::tools::heard;
use super::{Place, Verdict, verdict};

pub(super) const FILE: &str = "docker-compose.yml";
/// Laid over it: the real provider.
pub(super) const REAL: &str = "deploy/compose/real.yml";
/// What it wants to be told.
const NAMED: [(&str, &str); 2] = [
    ("KLING_API_KEY_PATH", "deploy/secrets/kling_api_key"),
    ("CALLBACK_SECRETS_PATH", "deploy/compose/secrets/callback_secrets"),
];
/// Of the services that are this program.
pub(super) const IMAGE: &str = "reelwork:local";

pub(super) fn schema(place: &Place<'_>) -> Verdict {
    let mut check = place.tools.command("check-jsonschema")?;
    check.args(["--builtin-schema", "vendor.compose-spec", FILE, REAL]);
    heard(check.current_dir(place.root)).map(drop)
}

/// As compose itself reads it: without a profile, with each, and with the real provider.
pub(super) fn config(place: &Place<'_>) -> Verdict {
    let profiles = heard(compose(place, &[FILE])?.args(["config", "--profiles"]))?;
    heard(compose(place, &[FILE])?.args(["config", "-q"]))?;
    for profile in profiles.lines().chain(["*"]) {
        heard(compose(place, &[FILE])?.args(["--profile", profile, "config", "-q"]))?;
        heard(compose(place, &[FILE, REAL])?.args(["--profile", profile, "config", "-q"]))?;
    }
    Ok(())
}

fn compose(place: &Place<'_>, files: &[&str]) -> Result<Command, String> {
    let mut command = place.tools.command("docker-compose")?;
    command.current_dir(place.root).envs(NAMED);
    for file in files {
        command.args(["-f", file]);
    }
    Ok(command)
}

/// What compose would take, and we would not.
pub(super) fn rules(place: &Place<'_>) -> Verdict {
    let whole = whole(place, &[FILE])?;
    let services = entries(&whole["services"]);
    let mut wrong: Vec<_> = services.iter().flat_map(|(name, it)| broken(name, it)).collect();
    wrong.extend(absent(&whole));
    verdict(wrong)
}

/// All of it, as compose reads it.
pub(super) fn whole(place: &Place<'_>, files: &[&str]) -> Result<Value, String> {
    let all = ["--profile", "*", "config", "--format", "json"];
    let whole = heard(compose(place, files)?.args(all))?;
    serde_json::from_str(&whole).map_err(|error| format!("{FILE}: {error}"))
}

type Rule = (&'static str, fn(&str, &Value) -> bool);

/// Each is what must hold, for every service.
const RULES: [Rule; 11] = [
    ("the image has a tag that is not latest", |_, it| is_pinned(it)),
    ("the root file system is read-only", |_, it| it["read_only"] == true),
    ("/tmp is in memory", |_, it| holds(&it["tmpfs"], "/tmp")),
    ("no capability is kept", |_, it| holds(&it["cap_drop"], "ALL")),
    ("no privilege is gained", |_, it| holds(&it["security_opt"], "no-new-privileges:true")),
    ("memory has a limit", |_, it| it["mem_limit"].is_string()),
    ("a health check is set, and not disabled", |name, it| is_asked(name, it)),
    ("it comes back", |_, it| it["restart"] == "unless-stopped"),
    ("it can be scaled: no name, no host port", |name, it| !is_scaled(name) || is_free(it)),
    ("a role is given longer to stop than it drains", |_, it| drains(it)),
    ("a host port is on this host only", |_, it| is_local(it)),
];

fn broken(name: &str, service: &Value) -> Vec<String> {
    let broken = RULES.iter().filter(|(_, holds)| !holds(name, service));
    broken.map(|(rule, _)| format!("{FILE}: {name}: not so: {rule}")).collect()
}

fn is_pinned(service: &Value) -> bool {
    let tag = service["image"].as_str().and_then(|image| image.rsplit_once(':'));
    tag.is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest" && !tag.contains('/'))
}

fn holds(list: &Value, wanted: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == wanted))
}

/// A check that is disabled fails `up --wait`.
fn is_asked(name: &str, service: &Value) -> bool {
    let check = &service["healthcheck"];
    // Its image has none, and holds nothing that could ask.
    let cannot = name == "otel-collector" && check.is_null();
    cannot || (check.is_object() && check["disable"] != true)
}

fn is_scaled(name: &str) -> bool {
    matches!(name, "worker" | "poller")
}

fn is_free(service: &Value) -> bool {
    service["container_name"].is_null() && service["ports"].is_null()
}

fn is_local(service: &Value) -> bool {
    let ports = service["ports"].as_array();
    ports.is_none_or(|ports| ports.iter().all(|port| port["host_ip"] == "127.0.0.1"))
}

fn drains(service: &Value) -> bool {
    let environment = &service["environment"];
    if service["image"] != IMAGE || service["command"][0] == "simulator" {
        return true;
    }
    let grace = service["stop_grace_period"].as_str().and_then(seconds);
    let drain = environment["REELWORK_WORKER__DRAIN"].as_str().and_then(seconds);
    grace.zip(drain).is_some_and(|(grace, drain)| grace > drain)
}

/// Of `1m30s`, as compose writes it.
fn seconds(written: &str) -> Option<u64> {
    let mut sum = 0;
    for part in written.split_inclusive(['h', 'm', 's']) {
        let (number, unit) = part.split_at(part.len().checked_sub(1)?);
        let scale = [("h", 3600), ("m", 60), ("s", 1)].iter().find(|(name, _)| *name == unit)?.1;
        sum += number.parse::<u64>().ok()? * scale;
    }
    Some(sum)
}

/// Files that are mounted and are not there: the engine would make directories of them.
fn absent(whole: &Value) -> Vec<String> {
    let secrets = entries(&whole["secrets"]).into_iter().map(|(_, secret)| &secret["file"]);
    let services = entries(&whole["services"]).into_iter();
    let mounts = services.flat_map(|(_, service)| service["volumes"].as_array()).flatten();
    let sources = mounts.filter(|mount| mount["type"] == "bind").map(|mount| &mount["source"]);
    let files = secrets.chain(sources).filter_map(Value::as_str);
    let absent = files.filter(|file| !Path::new(file).is_file());
    absent.map(|file| format!("{FILE}: mounts {file}, which is no file")).collect()
}

pub(super) fn entries(object: &Value) -> Vec<(&str, &Value)> {
    let entries = object.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.as_str(), value)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_as_compose_writes_them() {
        assert_eq!(seconds("1m30s"), Some(90));
        assert_eq!(seconds("1h0m5s"), Some(3605));
        assert_eq!(seconds("70"), None);
        assert_eq!(seconds("70ms"), None);
    }

    #[test]
    fn a_role_that_is_killed_while_it_drains_is_told() {
        let drain = json!({"REELWORK_WORKER__DRAIN": "70s"});
        let role =
            |grace| json!({"image": IMAGE, "environment": drain, "stop_grace_period": grace});
        assert!(drains(&role("1m30s")));
        assert!(!drains(&role("1m10s")));
        assert!(!drains(&json!({"image": IMAGE, "environment": drain})));
    }

    #[test]
    fn an_image_without_a_tag_is_told() {
        let pinned = |image| is_pinned(&json!({"image": image}));
        assert!(pinned("redis:7.4"));
        assert!(!pinned("redis"));
        assert!(!pinned("redis:latest"));
        assert!(!pinned("mirror:5000/redis"));
    }
}
