use job::{Job, Reason, Resource};
use kling::Route;

/// Slots at the provider per resource; 0 = no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    pub videos: u32,
    pub images: u32,
    pub audio: u32,
}

impl Slots {
    pub fn of(&self, resource: Resource) -> u32 {
        match resource {
            Resource::Videos => self.videos,
            Resource::Images => self.images,
            Resource::Audio => self.audio,
        }
    }

    /// For each resource the wider of both.
    #[must_use]
    pub fn wider(self, other: Self) -> Self {
        let wider = |one: u32, other: u32| if one == 0 || other == 0 { 0 } else { one.max(other) };
        Self {
            videos: wider(self.videos, other.videos),
            images: wider(self.images, other.images),
            audio: wider(self.audio, other.audio),
        }
    }

    /// A job that needs more than there are would wait for ever, and only the operator can help.
    pub fn allow(&self, job: &Job, slots: u32) -> Result<(), Reason> {
        match job.operation.resource().map(|resource| self.of(resource)) {
            Some(limit) if limit > 0 && slots > limit => {
                Err(Reason::WiderThanLimit { slots, limit })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// How many slots a job takes, whether or not it can be done.
pub fn slots(job: &Job) -> u32 {
    let route = Route::parse(job.operation.as_str());
    route.map_or(1, |route| route.slots(job.request.fields()))
}
