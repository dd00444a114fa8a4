//! Keys of the gateway's clients. Only their file is needed.

mod view;

use api_keys::{ApiKey, Credential, FileError, KeyFile, Scope, text};
use daemon::{Config, ExitCode, ExposeSecret};
use job::{Allowance, Cap, Timestamp};
use ports::{Clock, SystemClock};
use serde_json::json;

use self::view::KeyView;
use crate::cli::{Keys, NewKey};
use crate::error::Error;
use crate::output::Output;

pub(crate) fn run(action: Keys, config: &Config, output: &Output) -> Result<ExitCode, Error> {
    let file = config.gateway.keys_file.as_ref().map(KeyFile::new).ok_or_else(not_set)?;
    let now = SystemClock.now();
    match action {
        Keys::Create(new) => create(&file, new, now, output),
        Keys::List => list(&file, now, output),
        Keys::Revoke { ids } => revoke(&file, &ids, now, output),
    }
}

fn not_set() -> Error {
    Error::Denied(
        "gateway.keys_file is not set: set REELWORK_GATEWAY__KEYS_FILE to the path of the file, here \
         and for the gateways"
            .to_owned(),
    )
}

/// The key, and what its client is given.
struct Made {
    key: ApiKey,
    shown: Shown,
}

enum Shown {
    Key(String),
    Pair { access: String, secret: String },
}

/// Keys are made here, and end at once if their time is over before it has begun.
fn make(new: NewKey, now: Timestamp) -> Made {
    let (id, secret) = (text::fresh_id(), text::fresh_secret());
    let shown = match new.pair {
        false => Shown::Key(text::of(&id, secret.expose_secret())),
        true => {
            let access = text::access_key(&id);
            Shown::Pair { access, secret: secret.expose_secret().to_owned() }
        }
    };
    let credential = match &shown {
        Shown::Key(key) => Credential::of_key(key),
        Shown::Pair { .. } => Credential::SigningSecret(secret),
    };
    let all = || Scope::OF_TENANT.into();
    let scopes = Some(new.scopes).filter(|scopes| !scopes.is_empty());
    let key = ApiKey {
        id,
        name: new.name,
        tenant: new.tenant,
        scopes: scopes.map_or_else(all, |scopes| scopes.into_iter().collect()),
        credential,
        allowance: Allowance {
            per_minute: new.rate.unwrap_or(0),
            budget: Cap { day: new.budget_per_day, month: new.budget_per_month },
        },
        created_at: now,
        expires_at: new.until.or(new.lasts.map(|lasts| now + lasts)),
        revoked_at: None,
    };
    Made { key, shown }
}

fn create(file: &KeyFile, new: NewKey, now: Timestamp, output: &Output) -> Result<ExitCode, Error> {
    if new.pair && file.is_open_to_all() {
        return Err(Error::Denied(
            "everybody may read the file of keys, which would have the secret key: change its mode, \
             for example with chmod o= (nothing was changed)"
                .to_owned(),
        ));
    }
    let Made { key, shown } = make(new, now);
    if key.is_expired(now) {
        return Err(Error::Usage("--until is over already: nothing was changed".to_owned()));
    }
    let added = key.clone();
    file.change(|keys| {
        keys.push(added);
        Ok::<_, FileError>(())
    })?;
    let KeyView { id, tenant, scopes, .. } = KeyView::of(&key, now);
    match shown {
        Shown::Key(text) => {
            let value = json!({"id": id, "tenant": tenant, "scopes": scopes, "key": text});
            output.result(&value, || text.clone());
        }
        Shown::Pair { access, secret } => {
            let value = json!({
                "id": id, "tenant": tenant, "scopes": scopes,
                "access_key": access, "secret_key": secret,
            });
            let lines = || vec![format!("access key: {access}"), format!("secret key: {secret}")];
            output.result(&value, lines);
        }
    }
    output.message(&format!("key {id} of tenant {tenant}: keep it, it is not shown again"));
    Ok(ExitCode::Ok)
}

fn list(file: &KeyFile, now: Timestamp, output: &Output) -> Result<ExitCode, Error> {
    for key in file.read()? {
        let view = KeyView::of(&key, now);
        output.result(&view, || view.words());
    }
    Ok(ExitCode::Ok)
}

/// All of them, or none. A key that was revoked before stays as it is.
fn revoke(
    file: &KeyFile,
    ids: &[String],
    now: Timestamp,
    output: &Output,
) -> Result<ExitCode, Error> {
    let revoked = file.change(|keys| {
        ids.iter().map(|id| revoke_one(keys, id, now)).collect::<Result<Vec<_>, Error>>()
    })?;
    for key in &revoked {
        let view = KeyView::of(key, now);
        output.result(&view, || view.words());
    }
    Ok(ExitCode::Ok)
}

fn revoke_one(keys: &mut [ApiKey], id: &str, now: Timestamp) -> Result<ApiKey, Error> {
    let unknown = || Error::NotFound(format!("there is no key {id}: nothing was changed"));
    let key = keys.iter_mut().find(|key| key.id == id).ok_or_else(unknown)?;
    key.revoked_at.get_or_insert(now);
    Ok(key.clone())
}
