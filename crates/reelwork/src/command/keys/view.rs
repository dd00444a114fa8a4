use api_keys::{ApiKey, Credential, Scope};
use job::{Money, Timestamp};
use serde::Serialize;

/// A key without its secret.
#[derive(Debug, Serialize)]
pub(super) struct KeyView<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    pub(super) tenant: &'a str,
    pub(super) scopes: Vec<Scope>,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
    /// Its client signs tokens.
    pair: bool,
    /// Submissions a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_per_day: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_per_month: Option<Money>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl<'a> KeyView<'a> {
    pub(super) fn of(key: &'a ApiKey, now: Timestamp) -> Self {
        let budget = key.allowance.budget;
        Self {
            id: &key.id,
            name: key.name.as_deref(),
            tenant: key.tenant.as_str(),
            scopes: key.scopes.iter().copied().collect(),
            state: state(key, now),
            pair: matches!(key.credential, Credential::SigningSecret(_)),
            rate: Some(key.allowance.per_minute).filter(|rate| *rate > 0),
            budget_per_day: budget.day,
            budget_per_month: budget.month,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }

    pub(super) fn words(&self) -> String {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.word()).collect();
        let limits = [
            self.rate.map(|rate| format!("{rate} a minute")),
            self.budget_per_day.map(|usd| format!("${usd} a day")),
            self.budget_per_month.map(|usd| format!("${usd} a month")),
            self.expires_at.as_ref().map(|at| format!("until {at}")),
            self.pair.then(|| "pair".to_owned()),
            self.name.map(str::to_owned),
        ];
        let limits: String = limits.into_iter().flatten().map(|text| format!("  {text}")).collect();
        format!("{}  {}  {}  {}{limits}", self.id, self.state, self.tenant, scopes.join(","))
    }
}

fn state(key: &ApiKey, now: Timestamp) -> &'static str {
    match (key.revoked_at, key.is_expired(now)) {
        (Some(_), _) => "revoked",
        (None, true) => "expired",
        (None, false) => "active",
    }
}
