//! The services of the compose file, alone and with the real provider.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Workload;
use crate::check::deploy::compose::{FILE, IMAGE, REAL, entries, whole};
use crate::check::deploy::{Place, text};

pub(super) fn all(place: &Place<'_>) -> Result<Vec<Workload>, String> {
    let mut workloads = Vec::new();
    for files in [&[FILE][..], &[FILE, REAL]] {
        let whole = whole(place, files)?;
        let services = entries(&whole["services"]);
        for (name, service) in services.iter().filter(|(_, it)| it["image"] == IMAGE) {
            workloads.push(Workload {
                name: format!("{}: {name}", files.join(" with ")),
                arguments: words(&service["command"]),
                variables: variables(&service["environment"]),
                files: mounted(place, &whole, service)?,
            });
        }
    }
    Ok(workloads)
}

fn words(command: &Value) -> Vec<String> {
    let words = command.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn variables(environment: &Value) -> BTreeMap<String, String> {
    let values = entries(environment).into_iter();
    values.filter_map(|(name, value)| Some((name.to_owned(), value.as_str()?.to_owned()))).collect()
}

/// Secrets, where compose puts them.
fn mounted(
    place: &Place<'_>,
    whole: &Value,
    service: &Value,
) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    for secret in service["secrets"].as_array().into_iter().flatten() {
        let source = secret["source"].as_str().unwrap_or_default();
        let target = secret["target"].as_str().unwrap_or(source);
        let path = match target.starts_with('/') {
            true => target.to_owned(),
            false => format!("/run/secrets/{target}"),
        };
        let file = whole["secrets"][source]["file"].as_str().unwrap_or_default();
        files.insert(path, text(place, file)?);
    }
    Ok(files)
}
