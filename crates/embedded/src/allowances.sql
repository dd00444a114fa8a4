-- What a key of the gateway has used. `what`: 'rate', with the µs until which its rate is used up, or a UTC
-- day or month, with the millionths of a dollar of its estimates.
CREATE TABLE allowance (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    key        TEXT NOT NULL,
    what       TEXT NOT NULL,
    value      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (ns, key, what)
) STRICT;
CREATE INDEX allowance_expiry ON allowance (expires_at);
