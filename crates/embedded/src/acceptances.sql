-- Jobs that a gateway has accepted; a worker may not have recorded them yet.
CREATE TABLE acceptance (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    key        TEXT NOT NULL,
    body       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (ns, key)
) STRICT;
CREATE INDEX acceptance_expiry ON acceptance (expires_at);
