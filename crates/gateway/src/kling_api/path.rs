//! What a path names: an operation, or a task of one.

use job::{JobId, Operation};
use kling::Route;

use crate::refusal::Refusal;

/// The operation of a POST.
pub(super) fn operation(path: &str) -> Result<Operation, Refusal> {
    let route = Route::parse(path).ok_or_else(|| Refusal::UnknownPath(path.to_owned()))?;
    Ok(Operation::new(route.path()))
}

/// What a GET asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Task(Operation, JobId),
    /// The tasks of an operation.
    List(Operation),
}

/// An id may have slashes, and so has an operation: the longest operation counts.
pub(super) fn asked(path: &str) -> Result<Asked, Refusal> {
    if let Some(route) = Route::parse(path) {
        return Ok(Asked::List(Operation::new(route.path())));
    }
    let below = |route: &&Route| path.strip_prefix(route.path())?.strip_prefix('/');
    let routes = Route::ALL.iter().filter(|route| below(route).is_some_and(|id| !id.is_empty()));
    let unknown = || Refusal::UnknownPath(path.to_owned());
    let route = routes.max_by_key(|route| route.path().len()).ok_or_else(unknown)?;
    let id = below(&route).unwrap_or_default();
    let id = JobId::new(id).map_err(|_| Refusal::UnknownTask(id.to_owned()))?;
    Ok(Asked::Task(Operation::new(route.path()), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_against_the_operations() {
        for (path, operation, id) in [
            ("videos/text2video/7", "videos/text2video", "7"),
            ("videos/avatar/image2video/7", "videos/avatar/image2video", "7"),
            ("images/editing/expand/a/b", "images/editing/expand", "a/b"),
            ("videos/image2video/text2video", "videos/image2video", "text2video"),
        ] {
            let task = Asked::Task(Operation::new(operation), JobId::new(id).unwrap());
            assert_eq!(asked(path).unwrap(), task, "{path}");
        }
    }

    #[test]
    fn other_paths_are_refused() {
        for path in ["", "videos", "videos/", "videos/poem/7", "videos/text2video/"] {
            assert!(matches!(asked(path), Err(Refusal::UnknownPath(_))), "{path}");
        }
        for path in ["videos/text2video", "videos/avatar/image2video"] {
            assert_eq!(asked(path).unwrap(), Asked::List(Operation::new(path)), "{path}");
        }
        for path in
            ["videos/poem", "videos/text2video/", "/videos/text2video", "videos/text2video/7"]
        {
            assert!(matches!(operation(path), Err(Refusal::UnknownPath(_))), "{path}");
        }
    }
}
