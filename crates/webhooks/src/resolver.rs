//! Looks up names and leaves out the addresses that may not be called: a name is no way around the guard.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::guard::Guard;

/// A host has no address that may be called.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host has no address on the Internet")]
pub(crate) struct AddressDenied;

#[derive(Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) guard: Arc<Guard>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| guard.allows(address.ip())).collect();
            match allowed.is_empty() {
                true => Err(AddressDenied.into()),
                false => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
