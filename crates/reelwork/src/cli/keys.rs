//! Keys of the gateway's clients.

use std::time::Duration;

use api_keys::Scope;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use job::{Money, Tenant, Timestamp};

use super::value::{duration, moment, money, tenant};

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key for a client; it is shown now and never again
    Create(NewKey),
    /// All keys, without their secrets
    List,
    /// Take keys back: running gateways refuse them within a second
    Revoke {
        /// As the list shows them
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// Whose jobs its client submits, sees and cancels
    #[arg(long, default_value = "default", value_parser = tenant)]
    pub(crate) tenant: Tenant,
    /// What people call it, in 100 bytes at most
    #[arg(long, value_name = "TEXT", value_parser = name)]
    pub(crate) name: Option<String>,
    /// What it allows (repeatable). Not given: submit, read and cancel, of its tenant's jobs
    #[arg(long = "scope", value_name = "WORD", value_parser = scopes())]
    pub(crate) scopes: Vec<Scope>,
    /// Submissions a minute; a whole minute's may come at once
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=600_000))]
    pub(crate) rate: Option<u32>,
    /// USD, by estimate, of what it may submit in a UTC day
    #[arg(long, value_name = "USD", value_parser = money)]
    pub(crate) budget_per_day: Option<Money>,
    /// The same for a UTC month
    #[arg(long, value_name = "USD", value_parser = money)]
    pub(crate) budget_per_month: Option<Money>,
    /// Refuse it after this, such as 720h
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) lasts: Option<Duration>,
    /// Refuse it from this moment on (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "lasts")]
    pub(crate) until: Option<Timestamp>,
    /// An access key and a secret key, for clients that sign tokens as Kling's documents have it; the
    /// file then has the secret itself
    #[arg(long)]
    pub(crate) pair: bool,
}

fn name(text: &str) -> Result<String, String> {
    match (1..=100).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err("expected 1 to 100 bytes".to_owned()),
    }
}

fn scopes() -> impl TypedValueParser<Value = Scope> {
    let words = Scope::ALL.map(Scope::word);
    PossibleValuesParser::new(words).try_map(|word| Scope::parse(&word).ok_or("no scope"))
}
