use job::{Allowance, Cap, Money, Tenant, Timestamp};
use secrecy::ExposeSecret;

use super::*;
use crate::entry::Credential;
use crate::scope::Scope;
use crate::text;

fn key(id: &str) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        name: Some("the \"shop\"".to_owned()),
        tenant: Tenant::new("acme").unwrap(),
        scopes: [Scope::Read, Scope::Submit].into(),
        credential: Credential::Hash(text::hash("a")),
        allowance: Allowance {
            per_minute: 60,
            budget: Cap { day: Money::parse("12.5"), month: None },
        },
        created_at: Timestamp::from_millis(1_700_000_000_123),
        expires_at: Some(Timestamp::from_millis(1_800_000_000_000)),
        revoked_at: None,
    }
}

fn pair(id: &str) -> ApiKey {
    let credential = Credential::SigningSecret(text::fresh_secret());
    ApiKey { credential, name: None, allowance: Allowance::default(), ..key(id) }
}

/// With what `Debug` leaves out.
fn shown(key: &ApiKey) -> String {
    let secret = match &key.credential {
        Credential::SigningSecret(secret) => secret.expose_secret(),
        Credential::Hash(_) => "",
    };
    format!("{key:?} {secret}")
}

#[test]
fn keys_are_read_as_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::new(dir.path().join("keys.toml"));
    let keys = [key("0123456789ab"), pair("ab0123456789")];
    let add = |keys: &mut Vec<ApiKey>, key: &ApiKey| {
        keys.push(key.clone());
        Ok::<_, FileError>(())
    };
    keys.iter().for_each(|key| file.change(|all| add(all, key)).unwrap());
    let read = file.read().unwrap();
    assert_eq!(read.iter().map(shown).collect::<Vec<_>>(), keys.each_ref().map(shown));
    let mode = fs::metadata(file.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it may hold secrets");
}

#[test]
fn mode_and_link_of_the_file_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (place, link) = (dir.path().join("keys.toml"), dir.path().join("link.toml"));
    fs::write(&place, "").unwrap();
    fs::set_permissions(&place, Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&place, &link).unwrap();
    let add = |keys: &mut Vec<ApiKey>| {
        keys.push(key("0123456789ab"));
        Ok::<_, FileError>(())
    };
    KeyFile::new(&link).change(add).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(KeyFile::new(&place).read().unwrap().len(), 1);
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::new(dir.path().join("keys.toml"));
    file.change(|keys| {
        keys.push(key("0123456789ab"));
        Ok::<_, FileError>(())
    })
    .unwrap();
    let refused = file.change(|keys| {
        keys.clear();
        Err::<(), _>(FileError::Content { path: PathBuf::new(), why: "no".to_owned() })
    });
    assert!(refused.is_err());
    assert_eq!(file.read().unwrap().len(), 1);
}

#[test]
fn changes_at_once_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::new(dir.path().join("keys.toml"));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let fresh = key(&text::fresh_id());
                file.change(|keys| {
                    keys.push(fresh);
                    Ok::<_, FileError>(())
                })
                .unwrap();
            });
        }
    });
    assert_eq!(file.read().unwrap().len(), 20);
}

#[test]
fn what_is_wrong_is_said_without_a_secret() {
    let good = write(&[key("0123456789ab")]).unwrap();
    let with = |from: &str, to: &str| parse(&good.replacen(from, to, 1)).unwrap_err();
    for (wrong, words) in [
        (with("id = \"01", "id = \"X1"), "12 hex digits"),
        (with("sha256", "sha512"), "unknown field `sha512`"),
        (with("sha256 = \"", "sha256 = \"canary"), "needs sha256 or signing_secret"),
        (with("\"acme\"", "\"canary b\""), "line 6: it is not as"),
        (with("\"submit\"", "\"canary\""), "it is not as"),
        (with("rate = 60", "rate = \"canary\""), "it is not as"),
        (with("rate = 60", "rate = 0"), "revoke it"),
        (with("rate = 60", "rate = -1"), "line"),
        (with("sha256 = ", "signing_secret = [7, \"canary\"]\n# "), "signing_secret is a text"),
        (with("2027", "next year"), "RFC 3339"),
        (with("budget_per_day = \"12.50\"", "budget_per_day = \"a lot\""), "amount"),
        (parse(&good.repeat(2)).unwrap_err(), "twice"),
    ] {
        assert!(wrong.contains(words), "{words}: {wrong}");
        assert!(!wrong.contains("canary"), "{wrong}");
    }
    let torn = parse("[[key]]\nsigning_secret = \"canary").unwrap_err();
    assert!(torn.contains("line 2") && !torn.contains("canary"), "{torn}");
}
