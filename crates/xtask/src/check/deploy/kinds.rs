//! The operators' own kinds, of which a validator of the cluster's kinds knows nothing: for each a
//! schema with the fields that it must and may have, as far as they are used here.

use std::path::{Path, PathBuf};

/// A kind that is not here is not allowed.
const KINDS: [(&str, &str); 5] = [
    ("keda.sh/v1alpha1", "ScaledObject"),
    ("keda.sh/v1alpha1", "TriggerAuthentication"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("rabbitmq.com/v1beta1", "RabbitmqCluster"),
];

/// Of a rendered document, if it is of one of these kinds.
pub(super) fn schema(document: &str) -> Option<PathBuf> {
    let (version, kind) = (field(document, "apiVersion")?, field(document, "kind")?);
    let (_, kind) = KINDS.iter().find(|known| **known == (version, kind))?;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check/deploy/kinds");
    Some(directory.join(format!("{kind}.json")))
}

/// Rendered documents have these in lines of their own.
fn field<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let values = document.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    values.map(str::trim).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operators_kinds_have_a_schema_of_ours() {
        let scaled =
            "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec:\n  kind: Deployment\n";
        assert!(schema(scaled).is_some());
        assert!(schema("apiVersion: apps/v1\nkind: Deployment\n").is_none());
        assert!(schema("apiVersion: keda.sh/v1\nkind: ScaledObject\n").is_none());
    }

    #[test]
    fn every_kind_has_its_schema() {
        for (version, kind) in KINDS {
            let found = schema(&format!("apiVersion: {version}\nkind: {kind}\n"));
            let text = std::fs::read_to_string(found.unwrap()).unwrap();
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(schema["properties"]["kind"]["const"], kind);
            assert_eq!(schema["properties"]["apiVersion"]["const"], version);
        }
    }
}
