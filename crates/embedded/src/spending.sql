-- What is reserved for a job's round, and where it is counted: the periods, and the names of tenant and
-- model there. Amounts are millionths of a dollar; NULL: unpriced.
CREATE TABLE reservation (
    id           INTEGER PRIMARY KEY,
    ns           INTEGER NOT NULL,
    account      TEXT NOT NULL,
    key          TEXT NOT NULL,
    round        INTEGER NOT NULL,
    amount       INTEGER,
    since        INTEGER NOT NULL,
    day          TEXT NOT NULL,
    day_tenant   TEXT NOT NULL,
    day_model    TEXT NOT NULL,
    month        TEXT NOT NULL,
    month_tenant TEXT NOT NULL,
    month_model  TEXT NOT NULL,
    UNIQUE (ns, account, key, round)
) STRICT;

-- The sums of a period. `spender`: account, tenant or model.
CREATE TABLE spending (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    account    TEXT NOT NULL,
    period     TEXT NOT NULL,
    spender    TEXT NOT NULL,
    name       TEXT NOT NULL,
    spent      INTEGER NOT NULL DEFAULT 0,
    reserved   INTEGER NOT NULL DEFAULT 0,
    refused    INTEGER NOT NULL DEFAULT 0,
    unpriced   INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL,
    UNIQUE (ns, account, period, spender, name)
) STRICT;
CREATE INDEX spending_expiry ON spending (expires_at);
