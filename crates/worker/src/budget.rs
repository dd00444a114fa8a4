//! What may be spent, and what is said about jobs without a price.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use job::{Cap, Caps, OnCap, Operation, Tenant};

/// The caps on what jobs are estimated to cost.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    pub account: Cap,
    /// For each tenant that is not in `tenants`.
    pub tenant: Cap,
    pub tenants: BTreeMap<Tenant, Cap>,
    pub on_cap: OnCap,
}

impl Budget {
    /// Those on a job of this tenant.
    pub fn caps(&self, tenant: &Tenant) -> Caps {
        let named = self.tenants.get(tenant).copied();
        Caps {
            account: self.account,
            tenant: named.unwrap_or(self.tenant),
            tenant_is_named: named.is_some(),
        }
    }
}

/// Operations and models are warned about once each, and not more than so many.
const MOST_WARNINGS: usize = 100;

#[derive(Default)]
pub(crate) struct UnpricedWarnings(Mutex<BTreeSet<(String, String)>>);

impl UnpricedWarnings {
    pub(crate) fn warn_once(&self, operation: &Operation, model: Option<&str>) {
        if self.is_new(operation, model.unwrap_or("none")) {
            tracing::warn!(
                %operation,
                model,
                "jobs have no price: they are counted as unpriced, and no cap holds them"
            );
        }
    }

    fn is_new(&self, operation: &Operation, model: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let model = model.chars().take(64).collect();
        known.len() < MOST_WARNINGS && known.insert((operation.to_string(), model))
    }
}

#[cfg(test)]
mod tests {
    use job::Money;

    use super::*;

    #[test]
    fn a_tenant_has_the_cap_of_its_name_or_that_of_all_others() {
        let cap = |day| Cap { day: Money::parse(day), month: None };
        let acme = Tenant::new("acme").unwrap();
        let budget = Budget {
            tenant: cap("1"),
            tenants: [(acme.clone(), cap("2"))].into(),
            ..Budget::default()
        };
        let (named, other) = (budget.caps(&acme), budget.caps(&Tenant::default()));
        assert_eq!((named.tenant, named.tenant_is_named), (cap("2"), true));
        assert_eq!((other.tenant, other.tenant_is_named), (cap("1"), false));
    }

    #[test]
    fn each_model_without_a_price_is_warned_about_once_and_few_of_those_that_are_invented() {
        let (warnings, operation) = (UnpricedWarnings::default(), Operation::new("videos/effects"));
        assert!(warnings.is_new(&operation, "a"));
        assert!(!warnings.is_new(&operation, "a"));
        let new = (0..1000).filter(|n| warnings.is_new(&operation, &n.to_string())).count();
        assert_eq!(new, MOST_WARNINGS - 1);
    }
}
