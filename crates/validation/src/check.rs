use job::{Fault, Job, Reason};
use kling::{Problem, Route, Validation};

use crate::slots::Slots;

/// What it takes to do a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    pub route: Route,
    /// Slots it takes at the provider.
    pub slots: u32,
}

/// What it takes to do a job within these limits, or why it is rejected or parked.
pub fn check(job: &Job, limits: Slots) -> Result<Fit, Reason> {
    let route = Route::parse(job.operation.as_str())
        .ok_or_else(|| Reason::UnknownOperation(job.operation.to_string()))?;
    let fields = job.request.fields();
    if fields.get("external_task_id").is_some_and(|id| !id.is_null()) {
        let fix = "external_task_id is set by reelwork: give the job an id instead";
        return Err(Reason::InvalidRequest(Fault::of("external_task_id", fix)));
    }
    let Validation { errors, warnings } = kling::validate(route, fields);
    for warning in &warnings {
        tracing::debug!(job = %job.key, field = %warning.field, "{}", warning.message);
    }
    if let Some(fault) = fault(&errors) {
        return Err(Reason::InvalidRequest(fault));
    }
    let slots = route.slots(fields);
    limits.allow(job, slots)?;
    Ok(Fit { route, slots })
}

/// At the first field, in the words of all.
fn fault(problems: &[Problem]) -> Option<Fault> {
    let first = problems.first()?;
    let each: Vec<String> =
        problems.iter().map(|p| format!("{}: {}", p.field, p.message)).collect();
    Some(Fault::of(&first.field, each.join("; ")))
}

#[cfg(test)]
mod tests {
    use job::{MessageFacts, decode};
    use serde_json::{Value, json};

    use super::*;
    use crate::{slots, with_text};

    fn job(operation: &str, request: &Value) -> Job {
        let body = json!({"id": "a", "operation": operation, "request": request}).to_string();
        with_text(decode(body.as_bytes(), MessageFacts::default()).unwrap())
    }

    #[test]
    fn what_the_provider_would_refuse_is_named_with_its_field() {
        let table = [
            ("videos/poem", json!({"prompt": "x"}), "operation"),
            ("videos/text2video", json!({}), "prompt"),
            ("videos/text2video", json!({"prompt": "x", "cfg_scale": 3}), "cfg_scale"),
            (
                "videos/text2video",
                json!({"prompt": "x", "external_task_id": "b"}),
                "external_task_id",
            ),
            ("images/generations", json!({"prompt": "x", "n": 5}), "n"),
        ];
        let limits = Slots { images: 4, ..Slots::default() };
        for (operation, request, field) in table {
            let reason = check(&job(operation, &request), limits).unwrap_err();
            assert_eq!(reason.problem().field.as_deref(), Some(field), "{reason}");
        }
    }

    #[test]
    fn a_job_takes_as_many_slots_as_images_and_no_limit_is_no_limit() {
        let five = job("images/generations", &json!({"prompt": "x", "n": 5}));
        let fit = Fit { route: Route::ImagesGenerations, slots: 5 };
        for images in [0, 5, 9] {
            assert_eq!(check(&five, Slots { images, ..Slots::default() }), Ok(fit.clone()));
        }
        let wide = Err(Reason::WiderThanLimit { slots: 5, limit: 4 });
        assert_eq!(check(&five, Slots { images: 4, ..Slots::default() }), wide);
        assert_eq!(slots(&five), 5);
        assert_eq!(slots(&job("images/poem", &json!({"n": 5}))), 1);
    }

    #[test]
    fn a_number_in_place_of_text_is_the_same_job_as_the_text() {
        let of = |duration: Value| {
            job("videos/text2video", &json!({"prompt": "x", "duration": duration}))
        };
        let (number, text) = (of(json!(5)), of(json!("5")));
        assert_eq!(number.request.hash(), text.request.hash());
        assert!(check(&number, Slots::default()).is_ok());
        assert!(check(&of(json!([5])), Slots::default()).is_err());
    }
}
