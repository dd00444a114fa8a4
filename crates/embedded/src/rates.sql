-- Until when the rate of an account, or of one of its tenants, is used up, in µs. `tenant`: '' for all.
CREATE TABLE rate (
    id      INTEGER PRIMARY KEY,
    ns      INTEGER NOT NULL,
    account TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    used_up INTEGER NOT NULL,
    UNIQUE (ns, account, tenant)
) STRICT;
CREATE INDEX rate_end ON rate (used_up);
