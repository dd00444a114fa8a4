//! A job as an operator names it: by its id, or by tenant and id as they are printed.

use futures::{StreamExt, TryStreamExt};
use job::{Job, JobId, JobKey, Record, RequestHash, Tenant};
use ports::{LedgerError, Records, Stored};

use crate::error::Error;

/// An id may contain a slash, so the text can mean two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The likelier one first.
    keys: Vec<JobKey>,
    /// The hash of the request that this command published under it.
    request: Option<RequestHash>,
}

impl Named {
    pub(crate) fn of_job(job: &Job) -> Self {
        Self { keys: vec![job.key.clone()], request: Some(job.request.hash()) }
    }

    /// By this command.
    pub(crate) fn was_published(&self) -> bool {
        self.request.is_some()
    }

    /// Its id belongs to another request.
    pub(crate) fn conflicts_with(&self, record: &Record) -> bool {
        let other = self.request.as_ref().is_some_and(|hash| !record.is_of(hash));
        other && record.was_a_job()
    }

    pub(crate) fn parse(tenant: &str, text: &str) -> Result<Self, Error> {
        let usage = |error: job::BadIdentity| Error::Usage(error.to_string());
        let tenant = Tenant::new(tenant).map_err(usage)?;
        let mut keys = vec![JobKey::new(tenant.clone(), JobId::new(text).map_err(usage)?)];
        if let Some(printed) = JobKey::parse(text) {
            keys.push(printed);
        }
        // Printed for this same tenant: this is likelier than an id that begins with the tenant.
        if keys.get(1).is_some_and(|printed| printed.tenant == tenant) {
            keys.swap(0, 1);
        }
        Ok(Self { keys, request: None })
    }

    /// The key that is assumed if no record is found.
    pub(crate) fn key(&self) -> &JobKey {
        &self.keys[0]
    }

    /// For a job without a record. A worker may have had it and put it back, which leaves no
    /// record.
    pub(crate) fn unseen(&self) -> String {
        format!(
            "{}: no worker has recorded it: it waits in the broker (also where a worker put it \
             back), it was never published, or it ended so long ago that it was forgotten",
            self.key().id
        )
    }

    /// The whole text as an id first, because that is exactly what was requested.
    pub(crate) async fn load(&self, ledger: &dyn Records) -> Result<Option<Stored>, LedgerError> {
        let exact = self.keys.iter().max_by_key(|key| key.id.as_str().len());
        for key in exact.into_iter().chain(&self.keys) {
            if let Some(stored) = ledger.load(key).await? {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// The same with its request, if that is kept.
    pub(crate) async fn load_whole(
        &self,
        ledger: &dyn Records,
    ) -> Result<Option<Stored>, LedgerError> {
        match self.load(ledger).await? {
            Some(stored) => ledger.load_whole(&stored.record.key).await,
            None => Ok(None),
        }
    }

    /// The key that has a record, or the one that is assumed.
    pub(crate) async fn resolve(&self, ledger: &dyn Records) -> Result<JobKey, LedgerError> {
        let found = self.load(ledger).await?;
        Ok(found.map_or_else(|| self.key().clone(), |stored| stored.record.key))
    }
}

/// Loads several at once; returns them in their order.
pub(crate) async fn load_all(
    ledger: &dyn Records,
    named: &[Named],
    at_once: usize,
) -> Result<Vec<Option<Stored>>, LedgerError> {
    futures::stream::iter(named).map(|one| one.load(ledger)).buffered(at_once).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let named = Named::parse("default", text).unwrap();
        named.keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_id_is_taken_as_it_is_and_as_it_is_printed() {
        assert_eq!(keys("a"), ["default/a"]);
        assert_eq!(keys("default/a"), ["default/a", "default/default/a"]);
        assert_eq!(keys("orders/42"), ["default/orders/42", "orders/42"]);
        assert!(Named::parse("default", "").is_err());
        assert!(Named::parse("a/b", "x").is_err());
    }
}
