//! Values of single accounts, and the accounts of single tenants.

use std::collections::BTreeMap;

use ::config::ValueKind;

use super::pairs::{Whom, of_each, pairs, shown};
use super::raw::{is_not, toml_list};
use super::{Kind, Name};

/// A list such as `second=3, third=auto`, with values of another kind.
#[derive(Debug)]
pub(crate) struct OfAccounts<K>(pub(crate) K);

impl<K: Kind> Kind for OfAccounts<K> {
    type Value = BTreeMap<String, K::Value>;

    fn wanted(&self) -> String {
        format!("a list of NAME=VALUE: an account, and {}", self.0.wanted())
    }

    fn read(&self, raw: &ValueKind) -> Result<Self::Value, String> {
        of_each(Whom::Account, raw, |text| self.0.read(&text.into()))
    }

    fn shown(&self, value: &Self::Value) -> String {
        shown(value.iter().map(|(name, value)| (name, self.0.shown(value))))
    }

    fn is_list(&self) -> bool {
        true
    }

    fn toml(&self, default: &str) -> String {
        toml_list(default)
    }

    fn placeholder(&self) -> String {
        format!("[\"second={}\"]", self.0.placeholder().trim_matches('"'))
    }
}

/// A list such as `acme=second, acme=third`.
#[derive(Debug)]
pub(crate) struct AccountsOfTenants;

impl Kind for AccountsOfTenants {
    type Value = BTreeMap<String, Vec<String>>;

    fn wanted(&self) -> String {
        "a list of TENANT=ACCOUNT; a tenant with several accounts has several items".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<Self::Value, String> {
        let mut accounts: Self::Value = BTreeMap::new();
        for (tenant, account) in pairs(Whom::Tenant, raw)? {
            let account = Name
                .read(&account.into())
                .map_err(|_| is_not(account, "the name of an account"))?;
            let of_tenant = accounts.entry(tenant.clone()).or_default();
            if of_tenant.contains(&account) {
                return Err(format!("names {tenant}={account} twice"));
            }
            of_tenant.push(account);
        }
        Ok(accounts)
    }

    fn shown(&self, value: &Self::Value) -> String {
        let of = |(tenant, accounts): (&String, &Vec<String>)| {
            shown(accounts.iter().map(|account| (tenant, account)))
        };
        value.iter().map(of).collect::<Vec<_>>().join(", ")
    }

    fn is_list(&self) -> bool {
        true
    }

    fn toml(&self, default: &str) -> String {
        toml_list(default)
    }

    fn placeholder(&self) -> String {
        "[\"TENANT=second\"]".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Count, HttpUrl, SecretPath, SlotsOrAuto, Usd};
    use super::*;

    /// As shown again, or what is wrong.
    fn read<K: Kind>(kind: &K, text: &str) -> Result<String, String> {
        kind.read(&ValueKind::String(text.to_owned())).map(|value| kind.shown(&value))
    }

    #[test]
    fn values_of_accounts_are_read_and_shown_by_name() {
        let slots = OfAccounts(SlotsOrAuto(0..=10));
        assert_eq!(read(&slots, "b=auto, a = 3"), Ok("a=3, b=auto".into()));
        assert_eq!(read(&slots, ""), Ok(String::new()));
        assert_eq!(read(&OfAccounts(Usd), "a=12.5"), Ok("a=12.50".into()));
        let url = "a=http://h/x";
        assert_eq!(read(&OfAccounts(HttpUrl), url), Ok(url.into()));
        let path = "a=/run/x=y";
        assert_eq!(read(&OfAccounts(SecretPath), path), Ok(path.into()));
    }

    #[test]
    fn what_is_no_value_of_an_account_is_refused() {
        let longest = "x".repeat(32);
        let count = OfAccounts(Count(0..=10_u32));
        assert!(read(&count, &format!("{longest}=1")).is_ok());
        let name = "item 1 of the list is not the name of an account";
        for (text, why) in [
            ("a", "item 1 of the list is not such a pair"),
            ("a=1,b", "item 2 of the list is not such a pair"),
            ("a:b=1", name),
            ("=1", name),
            (&format!("{longest}x=1"), name),
            ("a=auto", "\"auto\" is not a whole number"),
            ("a=11", "11 is out of range"),
            ("a=1,a=2", "names the account a twice"),
        ] {
            assert_eq!(read(&count, text), Err(why.to_owned()), "{text}");
        }
    }

    /// It is often written where the path of its file belongs.
    #[test]
    fn a_secret_in_place_of_its_file_is_refused_and_not_shown() {
        for text in ["sk-canary", "a=sk-canary", "canary canary=/x", "a=", "a=~/canary"] {
            let why = read(&OfAccounts(SecretPath), text).unwrap_err();
            assert!(!why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn a_tenant_may_have_several_accounts_in_their_order() {
        let tenants = |text| read(&AccountsOfTenants, text);
        assert_eq!(tenants("b=x, a=z, a=y"), Ok("a=z, a=y, b=x".into()));
        for (text, why) in [
            ("a", "\"a\" is not such a pair"),
            ("a b=x", "\"a b\" is not the name of a tenant"),
            ("a=x:y", "\"x:y\" is not the name of an account"),
            ("a=", "\"\" is not the name of an account"),
            ("a=x,b=x,a=x", "names a=x twice"),
        ] {
            assert_eq!(tenants(text), Err(why.to_owned()), "{text}");
        }
    }
}
