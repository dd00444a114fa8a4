use std::sync::{Arc, Mutex, PoisonError};

use crate::error::StoreError;

/// Why the last transaction failed; `None` once one succeeds.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastError(Arc<Mutex<Option<StoreError>>>);

impl LastError {
    pub(crate) fn set(&self, outcome: &Result<(), StoreError>) {
        let failed = outcome.as_ref().err().cloned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    pub(crate) fn get(&self) -> Option<StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
