//! What runs on a cluster: every overlay, as it is rendered.

use std::fs;
use std::path::{Path, PathBuf};

use super::kinds;
use super::tools::heard;
use super::{Place, Verdict, verdict};

pub(super) const OVERLAYS: &str = "deploy/kubernetes/overlays";
/// The oldest and the newest cluster that it must fit.
const RELEASES: [&str; 2] = ["1.32", "1.37"];

/// Each overlay is judged, whatever became of the others.
pub(super) fn manifests(place: &Place<'_>) -> Verdict {
    let overlays = below(&place.root.join(OVERLAYS))?;
    let told = |overlay: &PathBuf| {
        let name = overlay.file_name().unwrap_or_default().to_string_lossy().into_owned();
        rendered(place, overlay).err().map(|why| format!("overlay {name}: {why}"))
    };
    match overlays.is_empty() {
        true => Err(format!("{OVERLAYS} is empty")),
        false => verdict(overlays.iter().filter_map(told).collect()),
    }
}

fn rendered(place: &Place<'_>, overlay: &Path) -> Verdict {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut kustomize = place.tools.command("kustomize")?;
    heard(kustomize.arg("build").arg(overlay).arg("-o").arg(scratch.path()))?;
    let (mut plain, mut wrong) = (Vec::new(), Vec::new());
    for file in below(scratch.path())? {
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        match kinds::schema(&text) {
            Some(schema) => wrong.extend(against(place, &schema, &file).err()),
            None => plain.push(file),
        }
    }
    for release in RELEASES {
        wrong.extend(native(place, release, &plain).err());
    }
    verdict(wrong)
}

/// One of an operator's kinds.
fn against(place: &Place<'_>, schema: &Path, file: &Path) -> Verdict {
    let mut check = place.tools.command("check-jsonschema")?;
    heard(check.arg("--schemafile").arg(schema).arg(file)).map(drop)
}

/// The cluster's own kinds. One that it does not know is only a warning to the validator: here it
/// is a mistake, for nobody would have looked at it.
fn native(place: &Place<'_>, release: &str, files: &[PathBuf]) -> Verdict {
    let mut validate = place.tools.command("kubernetes-validate")?;
    let told = heard(validate.args(["--strict", "--quiet", "-k", release]).args(files))?;
    let warnings = told.lines().filter(|line| line.starts_with("WARN"));
    verdict(warnings.map(str::to_owned).collect())
}

/// In an order that does not change.
pub(super) fn below(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", directory.display());
    let entries = fs::read_dir(directory).map_err(told)?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
