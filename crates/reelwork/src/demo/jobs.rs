//! The jobs of a demo: real prompts for operations that need only text.

use std::path::Path;

use job::{Job, Priority};
use producer::Draft;

use crate::error::Error;

const DEFAULT_JOBS: usize = 20;

/// The longest prompt for text-to-audio (API reference, audio), including the marker.
const AUDIO_PROMPT: usize = 150;

/// The marker by which the provider's accounts identify jobs: inside the request.
fn marked(prompt: &str, id: &str) -> String {
    format!("{prompt} [job:{id}]")
}

pub(crate) fn jobs(count: Option<usize>, prompts: Option<&Path>) -> Result<Vec<Job>, Error> {
    let (prompts, each) = match prompts {
        Some(path) => {
            let prompts = read(path)?;
            let each = prompts.len();
            (prompts, each)
        }
        None => (SCENES.iter().map(|scene| (*scene).to_owned()).collect(), DEFAULT_JOBS),
    };
    let count = count.unwrap_or(each);
    (0..count).map(|index| one(index, &prompts[index % prompts.len()])).collect()
}

fn read(path: &Path) -> Result<Vec<String>, Error> {
    let bad = |cause: String| Error::Usage(format!("{}: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    let prompts: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    match prompts.is_empty() {
        true => Err(bad("no prompt in it".to_owned())),
        false => Ok(prompts),
    }
}

fn one(index: usize, prompt: &str) -> Result<Job, Error> {
    let id = format!("demo-{index:06}");
    let text = marked(prompt, &id);
    let draft = match index % 5 {
        0 => Draft::new("images/generations").set("n", 1),
        1 if prompt.chars().count() <= AUDIO_PROMPT => {
            Draft::new("audio/text-to-audio").set("duration", 5.0)
        }
        _ => Draft::new("videos/text2video").set("duration", "5").set("mode", "std"),
    };
    let priority = if index % 10 == 3 { Priority::High } else { Priority::Normal };
    let job = draft.id(id).prompt(text).priority(priority).metadata("demo", index as u64).build();
    job.map_err(|invalid| Error::Usage(invalid.to_string()))
}

const SCENES: [&str; 8] = [
    "A lighthouse at dusk, its beam sweeping over a calm sea",
    "A red kite rises above a wheat field in the wind",
    "Rain on a tin roof, slow pan to a cat behind the window",
    "A paper boat drifts down a street gutter after a storm",
    "Time-lapse of bread rising in a warm oven",
    "An old tram crosses a bridge in morning fog",
    "Two children build a sand castle as the tide comes in",
    "A potter's hands shape a bowl on a turning wheel",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_valid_different_and_marked_inside_its_request() {
        let jobs = jobs(Some(25), None).unwrap();
        let keys: std::collections::BTreeSet<_> = jobs.iter().map(|job| &job.key).collect();
        assert_eq!(keys.len(), 25);
        for job in &jobs {
            let prompt = job.request.fields()["prompt"].as_str().unwrap();
            assert!(prompt.ends_with(&format!("[job:{}]", job.key.id)), "{prompt}");
        }
    }
}
