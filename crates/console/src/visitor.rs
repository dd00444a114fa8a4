//! Who visits, and what the visitor may do.

use std::sync::Arc;

use api_keys::{ApiKey, KeyRing, Scope};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::console::{Access, Console};
use crate::cookie;
use crate::guard;
use crate::refusal::Refusal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Viewer,
    Operator,
}

/// Somebody who may see the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// For the log of actions: the key's id and name, or `local`.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// It has logged in, so it can log out.
    pub(crate) has_key: bool,
}

/// Somebody who may act, with a request that a page of the console has sent.
#[derive(Debug)]
pub(crate) struct Acting(pub(crate) Visitor);

impl Visitor {
    pub(crate) fn may_act(&self) -> bool {
        self.role == Role::Operator
    }

    pub(crate) fn of(console: &Console, headers: &HeaderMap) -> Result<Self, Refusal> {
        match &console.settings.access {
            Access::Local => {
                listener::is_of_a_browser_here(headers)?;
                Ok(Self { name: "local".to_owned(), role: Role::Operator, has_key: false })
            }
            Access::Keyed(ring) => {
                let shown = cookie::shown(headers).ok_or(Refusal::LogIn)?;
                Self::with_key(console, ring, &shown)
            }
        }
    }

    pub(crate) fn with_key(
        console: &Console,
        ring: &KeyRing,
        shown: &str,
    ) -> Result<Self, Refusal> {
        let key = ring.now().find(shown, console.clock.now()).map_err(Refusal::BadKey)?;
        let role = role_of(&key).ok_or(Refusal::NotOfConsole)?;
        let name = match &key.name {
            Some(name) => format!("{} ({name})", key.id),
            None => key.id.clone(),
        };
        Ok(Self { name, role, has_key: true })
    }
}

fn role_of(key: &ApiKey) -> Option<Role> {
    match (key.allows(Scope::Operate), key.allows(Scope::View)) {
        (true, _) => Some(Role::Operator),
        (false, true) => Some(Role::Viewer),
        (false, false) => None,
    }
}

impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Refusal> {
        Self::of(console, &parts.headers)
    }
}

impl FromRequestParts<Arc<Console>> for Acting {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Refusal> {
        let visitor = Visitor::of(console, &parts.headers)?;
        guard::is_of_own_page(&parts.headers)?;
        match visitor.may_act() {
            true => Ok(Self(visitor)),
            false => Err(Refusal::OnlyViewer),
        }
    }
}
