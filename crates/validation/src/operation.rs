use job::Operation;
use kling::Route;

/// Whether the provider has such an operation.
pub fn is_known(operation: &Operation) -> bool {
    Route::parse(operation.as_str()).is_some()
}
