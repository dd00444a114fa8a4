//! The containers of every overlay, as kustomize renders it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Workload;
use crate::check::deploy::Place;
use crate::check::deploy::kubernetes::{OVERLAYS, below};
use crate::check::deploy::tools::heard;

/// What is made outside of the manifests: by a person as deploy/kubernetes/README.md says, and by
/// RabbitMQ's operator, which ends the address with a slash.
const OTHERS: [(&str, &str, &str); 5] = [
    ("reelwork", "broker_url", "amqp://reelwork:a-password@rabbitmq.example:5672"),
    ("reelwork", "ledger_url", "rediss://:a-password@redis.example:6379"),
    ("reelwork", "kling_api_key", "sk-for-this-check"),
    ("reelwork", "callback_secrets", "for-this-check-and-not-for-any-use"),
    (
        "reelwork-rabbitmq-default-user",
        "connection_string",
        "amqp://default_user_Wq7-x_:pw-7_Q@reelwork-rabbitmq.reelwork.svc:5672/",
    ),
];

/// Name, key and text of all that is told or kept secret.
type Texts = BTreeMap<(String, String), String>;

pub(super) fn all(place: &Place<'_>) -> Result<Vec<Workload>, String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut workloads = Vec::new();
    for overlay in below(&place.root.join(OVERLAYS))? {
        let file = scratch.path().join("rendered.yaml");
        let mut kustomize = place.tools.command("kustomize")?;
        heard(kustomize.arg("build").arg(&overlay).arg("-o").arg(&file))?;
        let documents = place.tools.yaml(&file)?;
        let name = overlay.file_name().unwrap_or_default().to_string_lossy();
        workloads.extend(of(&name, &documents));
    }
    Ok(workloads)
}

fn of(overlay: &str, documents: &[Value]) -> Vec<Workload> {
    let (told, secret) = (texts(documents, "ConfigMap"), secrets(documents));
    let deployments = documents.iter().filter(|it| it["kind"] == "Deployment");
    let pods = deployments.map(|it| (&it["metadata"]["name"], &it["spec"]["template"]["spec"]));
    let containers =
        pods.flat_map(|(name, pod)| list(&pod["containers"]).map(move |it| (name, pod, it)));
    let ours = containers.filter(|(_, _, it)| text(&it["image"]).contains("reelwork"));
    ours.map(|(name, pod, container)| Workload {
        name: format!("overlay {overlay}: {}", text(name)),
        arguments: list(&container["args"]).map(text).collect(),
        variables: variables(container, &told),
        files: files(pod, container, &secret),
    })
    .collect()
}

fn variables(container: &Value, told: &Texts) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for from in list(&container["envFrom"]) {
        let map = text(&from["configMapRef"]["name"]);
        let of_map = told.iter().filter(|((name, _), _)| *name == map);
        variables.extend(of_map.map(|((_, key), value)| (key.clone(), value.clone())));
    }
    for it in list(&container["env"]).filter(|it| it["value"].is_string()) {
        variables.insert(text(&it["name"]), text(&it["value"]));
    }
    variables
}

/// Of the secrets that are mounted, the keys that are.
fn files(pod: &Value, container: &Value, secret: &Texts) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for mount in list(&container["volumeMounts"]) {
        let volume = list(&pod["volumes"]).find(|it| it["name"] == mount["name"]);
        let source = volume.map_or(&Value::Null, |volume| &volume["secret"]);
        let named = text(&source["secretName"]);
        for ((_, key), value) in secret.iter().filter(|((name, _), _)| *name == named) {
            let item = list(&source["items"]).find(|item| item["key"] == **key);
            let path = match item {
                Some(item) => text(&item["path"]),
                None if source["items"].is_null() => key.clone(),
                None => continue,
            };
            files.insert(format!("{}/{path}", text(&mount["mountPath"])), value.clone());
        }
    }
    files
}

fn secrets(documents: &[Value]) -> Texts {
    let own = texts(documents, "Secret").into_iter();
    let decoded = own.filter_map(|(name, value)| {
        Some((name, String::from_utf8(STANDARD.decode(value).ok()?).ok()?))
    });
    let others = OTHERS.map(|(name, key, value)| ((name.into(), key.into()), value.into()));
    others.into_iter().chain(decoded).collect()
}

fn texts(documents: &[Value], kind: &str) -> Texts {
    let mut texts = Texts::new();
    for document in documents.iter().filter(|it| it["kind"] == kind) {
        let name = text(&document["metadata"]["name"]);
        for (key, value) in document["data"].as_object().into_iter().flatten() {
            texts.insert((name.clone(), key.clone()), text(value));
        }
    }
    texts
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
