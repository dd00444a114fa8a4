//! How the image is built.

use super::tools::heard;
use super::{Place, Verdict};

/// Everything that the linter knows; what is meant otherwise says so in the file.
pub(super) fn lint(place: &Place<'_>) -> Verdict {
    let mut hadolint = place.tools.command("hadolint")?;
    hadolint.current_dir(place.root).args(["--no-color", "deploy/Dockerfile"]);
    heard(&mut hadolint).map(drop)
}
