use std::fmt;

use serde::{Deserialize, Serialize};

/// The provider's path below `/kling/v1/`, such as `videos/text2video`.
///
/// Any text can be held, so that a job that cannot be done still has a record.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operation(String);

impl Operation {
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first segment, when it names one of the provider's resources: then a lane exists for it.
    pub fn resource(&self) -> Option<Resource> {
        let (first, rest) = self.0.split_once('/')?;
        let resource = Resource::ALL.into_iter().find(|r| r.as_str() == first)?;
        (!rest.is_empty()).then_some(resource)
    }

    /// The operation of a job that was published under this routing key.
    pub fn of_routing_key(key: &str) -> Option<Self> {
        let (operation, _priority) = key.rsplit_once('.')?;
        Some(Self(operation.replace('.', "/")))
    }

    /// `videos/avatar/image2video` as words of a routing key: `videos.avatar.image2video`.
    pub fn dotted(&self) -> String {
        self.0.replace('/', ".")
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the provider makes; each has its own lanes and its own pool of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    Videos,
    Images,
    Audio,
}

impl Resource {
    pub const ALL: [Self; 3] = [Self::Videos, Self::Images, Self::Audio];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Videos => "videos",
            Self::Images => "images",
            Self::Audio => "audio",
        }
    }
}

impl Resource {
    /// The resource whose lane takes this routing key.
    pub fn of_routing_key(key: &str) -> Option<Self> {
        let first = key.split('.').next()?;
        Self::ALL.into_iter().find(|resource| resource.as_str() == first)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// High before normal before low, lane by lane.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    High,
    #[default]
    Normal,
    Low,
}

impl Priority {
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One queue of jobs: a resource at a priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    pub resource: Resource,
    pub priority: Priority,
}

impl Lane {
    pub fn all() -> impl Iterator<Item = Self> {
        Resource::ALL.into_iter().flat_map(|resource| {
            Priority::ALL.into_iter().map(move |priority| Self { resource, priority })
        })
    }

    /// The topic pattern that binds this lane's queue: `videos.#.normal`.
    pub fn binding(self) -> String {
        format!("{}.#.{}", self.resource, self.priority)
    }
}

impl fmt::Display for Lane {
    /// `videos.normal`: the tail of the queue's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.resource, self.priority)
    }
}

/// The routing key of a job message: the operation dotted, then the priority.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoutingKey(String);

impl RoutingKey {
    pub fn of(operation: &Operation, priority: Priority) -> Self {
        Self(format!("{}.{priority}", operation.dotted()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoutingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_with_two_slashes_keeps_its_resource_and_its_words() {
        let avatar = Operation::new("videos/avatar/image2video");
        assert_eq!(avatar.resource(), Some(Resource::Videos));
        let key = RoutingKey::of(&avatar, Priority::High);
        assert_eq!(key.as_str(), "videos.avatar.image2video.high");
        assert_eq!(Operation::of_routing_key(key.as_str()), Some(avatar));
        assert_eq!(Operation::of_routing_key("high"), None);
    }

    #[test]
    fn what_no_lane_serves_has_no_resource() {
        for path in ["texts/poem", "videos", "videos/", "", "/videos/text2video"] {
            assert_eq!(Operation::new(path).resource(), None, "{path}");
        }
    }

    #[test]
    fn every_resource_has_a_lane_for_every_priority() {
        let lanes: Vec<String> = Lane::all().map(|lane| lane.to_string()).collect();
        assert_eq!(lanes.len(), 9);
        assert_eq!(lanes[0], "videos.high");
        assert_eq!(Lane::all().next().unwrap().binding(), "videos.#.high");
    }
}
