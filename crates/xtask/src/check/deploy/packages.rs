//! Programs from the distribution's packages, unpacked but not installed: they are from another
//! release, and no service may start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::marker::{is_made, made};
use crate::process::{on_path, output, say};

/// Each with its release.
const PACKAGES: [(&str, &str); 3] =
    [("docker-compose", "trixie"), ("kustomize", "trixie"), ("prometheus", "bookworm")];

/// Where the programs are in the packages.
const PROGRAMS: [&str; 2] = ["usr/bin", "usr/libexec/docker/cli-plugins"];

/// The key that signs every release; without this file, the keys of apt are used.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Prepares them in `root` below the directory; the error is the reason why it failed.
pub(super) fn ready(directory: &Path) -> Result<(), String> {
    let wanted = PACKAGES.map(|(package, release)| format!("{package}/{release}"));
    if is_made(directory, &wanted.join("\n")) {
        return Ok(());
    }
    say(format!("unpacking Debian's {} into {}", wanted.join(", "), directory.display()));
    fetch(directory, &wanted)?;
    made(directory, &wanted.join("\n"))
}

/// The directories of the programs.
pub(super) fn programs(directory: &Path) -> impl Iterator<Item = PathBuf> {
    PROGRAMS.into_iter().map(|place| directory.join("root").join(place))
}

fn fetch(directory: &Path, wanted: &[String]) -> Result<(), String> {
    // Removes the files of an interrupted or older run.
    let _ = fs::remove_dir_all(directory);
    let apt = Apt::beside(directory)?;
    apt.run(&["update"])?;
    apt.run(&[&["download"], &wanted.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat())?;
    for file in apt.downloaded()? {
        let root = directory.join("root");
        run(Command::new("dpkg").arg("-x").arg(file).arg(root))?;
    }
    // The package lists are larger than the programs.
    let _ = fs::remove_dir_all(apt.state);
    Ok(())
}

/// An apt with its own package lists: those of the machine are not changed.
struct Apt {
    state: PathBuf,
}

impl Apt {
    fn beside(directory: &Path) -> Result<Self, String> {
        let mirror = mirror()?;
        let state = directory.join("apt");
        let told = |error: std::io::Error| format!("{}: {error}", state.display());
        for part in ["lists/partial", "cache/archives/partial", "downloaded"] {
            fs::create_dir_all(state.join(part)).map_err(told)?;
        }
        let sources: String = releases().iter().map(|name| source(&mirror, name)).collect();
        fs::write(state.join("sources.list"), sources).map_err(told)?;
        Ok(Self { state })
    }

    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new("apt-get");
        command.current_dir(self.state.join("downloaded")).arg("-qq");
        let at = |part: &str| self.state.join(part).display().to_string();
        for option in [
            format!("Dir::Etc::sourcelist={}", at("sources.list")),
            "Dir::Etc::sourceparts=/dev/null".into(),
            format!("Dir::State::lists={}", at("lists")),
            format!("Dir::Cache={}", at("cache")),
            "Acquire::Languages=none".into(),
            // apt would otherwise switch to a user that cannot write here.
            "APT::Sandbox::User=root".into(),
            "APT::Update::Post-Invoke-Success=".into(),
            // A list that cannot be fetched would otherwise be a warning.
            "APT::Update::Error-Mode=any".into(),
        ] {
            command.arg("-o").arg(option);
        }
        run(command.args(arguments))
    }

    fn downloaded(&self) -> Result<Vec<PathBuf>, String> {
        let told = |error: std::io::Error| format!("{}: {error}", self.state.display());
        let files = fs::read_dir(self.state.join("downloaded")).map_err(told)?;
        Ok(files.filter_map(|file| Some(file.ok()?.path())).collect())
    }
}

fn releases() -> Vec<&'static str> {
    let mut releases: Vec<_> = PACKAGES.iter().map(|(_, release)| *release).collect();
    releases.dedup();
    releases
}

fn source(mirror: &str, release: &str) -> String {
    let signed = match Path::new(KEYRING).exists() {
        true => format!("[signed-by={KEYRING}] "),
        false => String::new(),
    };
    format!("deb {signed}{mirror} {release} main\n")
}

/// The mirror of this machine's own release: it has every release.
fn mirror() -> Result<String, String> {
    if on_path("apt-get").is_none() || on_path("dpkg").is_none() {
        return Err("this is no Debian; put it on PATH".into());
    }
    let format = ["indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)"];
    let targets = output(Command::new("apt-get").args(format)).unwrap_or_default();
    let own = output(Command::new("sh").args(["-c", ". /etc/os-release; echo $VERSION_CODENAME"]));
    let wanted = format!("{} main ", own.unwrap_or_default());
    let found = targets.lines().find_map(|line| line.strip_prefix(&wanted)).map(str::to_owned);
    found.ok_or_else(|| "apt's configuration does not name this release; put it on PATH".into())
}

/// The error is the whole output.
fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().into())
        }
    }
}
