//! Every workload that is ours, with what its manifest gives it: the program reads that environment
//! and that command line, and has what its role cannot do without.

mod composed;
mod rendered;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::live;
use super::tools::heard;
use super::{Place, Verdict, verdict};

/// A container of ours, as somebody starts it.
struct Workload {
    name: String,
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
    /// What is mounted: text by path.
    files: BTreeMap<String, String>,
}

/// What a role needs beside what has a default, or `_FILE` with it.
const NEEDED: [(&str, &[&str]); 3] = [
    ("worker", &["BROKER__URL", "LEDGER__URL", "KLING__API_KEY"]),
    ("poller", &["BROKER__URL", "LEDGER__URL", "KLING__API_KEY"]),
    ("gateway", &["BROKER__URL", "LEDGER__URL", "GATEWAY__CALLBACK_SECRETS"]),
];

pub(super) fn taken(place: &Place<'_>) -> Verdict {
    let program = live::built()?;
    let mut workloads = composed::all(place)?;
    workloads.extend(rendered::all(place)?);
    verdict(workloads.iter().flat_map(|workload| workload.wrong(&program)).collect())
}

impl Workload {
    fn wrong(&self, program: &Path) -> Vec<String> {
        let mut wrong = self.missing();
        if let Err(why) = self.tried(program) {
            wrong.push(why);
        }
        wrong.into_iter().map(|why| format!("{}: {why}", self.name)).collect()
    }

    fn missing(&self) -> Vec<String> {
        let role = self.arguments.first().map_or("", String::as_str);
        let needed = NEEDED.iter().find(|(name, _)| *name == role).map_or(&[][..], |it| it.1);
        let given = |name: &str| self.variables.get(name).is_some_and(|value| !value.is_empty());
        let absent = needed.iter().map(|name| format!("REELWORK_{name}"));
        absent
            .filter(|name| !given(name) && !given(&format!("{name}_FILE")))
            .map(|name| format!("{role} is not given {name}"))
            .collect()
    }

    /// Nothing is done: the configuration is read, and then the words of the command.
    fn tried(&self, program: &Path) -> Verdict {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let variables = self.variables_below(scratch.path())?;
        let words: Vec<_> = self.arguments.iter().map(String::as_str).chain(["--help"]).collect();
        for arguments in [&["config", "check"][..], &words] {
            let mut command = Command::new(program);
            command.env_clear().env("HOME", scratch.path()).envs(&variables);
            heard(command.args(arguments))?;
        }
        Ok(())
    }

    /// With the mounted files here.
    fn variables_below(&self, directory: &Path) -> Result<BTreeMap<String, String>, String> {
        let mut variables = self.variables.clone();
        for (name, value) in variables.iter_mut().filter(|(name, _)| is_path(name)) {
            let text = self.files.get(value);
            let text = text.ok_or_else(|| format!("{name}: nothing is mounted at {value}"))?;
            let file = directory.join(name.as_str());
            std::fs::write(&file, text).map_err(|error| error.to_string())?;
            *value = file.display().to_string();
        }
        Ok(variables)
    }
}

fn is_path(variable: &str) -> bool {
    variable.starts_with("REELWORK_") && variable.ends_with("_FILE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(variables: &[(&str, &str)]) -> Workload {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Workload {
            name: "w".into(),
            arguments: vec!["worker".into()],
            variables: variables.iter().map(own).collect(),
            files: BTreeMap::new(),
        }
    }

    #[test]
    fn what_a_role_needs_may_be_a_file_but_not_empty() {
        let well = [
            ("REELWORK_BROKER__URL_FILE", "/b"),
            ("REELWORK_LEDGER__URL", "redis://r"),
            ("REELWORK_KLING__API_KEY", "k"),
        ];
        assert_eq!(worker(&well).missing(), Vec::<String>::new());
        let empty = worker(&[well[0], well[1], ("REELWORK_KLING__API_KEY", "")]);
        assert_eq!(empty.missing(), ["worker is not given REELWORK_KLING__API_KEY"]);
    }

    #[test]
    fn a_file_that_nobody_mounts_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let told = worker(&[("REELWORK_BROKER__URL_FILE", "/b")]).variables_below(scratch.path());
        assert_eq!(told.unwrap_err(), "REELWORK_BROKER__URL_FILE: nothing is mounted at /b");
    }
}
