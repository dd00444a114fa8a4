-- Pauses by hand. `expires_at`: NULL for one without an end.
CREATE TABLE manual_pause (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    account    TEXT NOT NULL,
    scope      TEXT NOT NULL,
    body       TEXT NOT NULL,
    expires_at INTEGER,
    UNIQUE (ns, account, scope)
) STRICT;
CREATE INDEX manual_pause_expiry ON manual_pause (expires_at) WHERE expires_at IS NOT NULL;
