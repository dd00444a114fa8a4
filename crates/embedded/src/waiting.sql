-- Jobs that wait for slots of a pool, in the order (tenant, priority, since, key, round), and those
-- whose grant is not confirmed: these have a `lease_end`.
CREATE TABLE waiter (
    ns        INTEGER NOT NULL,
    pool      TEXT NOT NULL,
    key       TEXT NOT NULL,
    round     INTEGER NOT NULL,
    tenant    TEXT NOT NULL,
    priority  INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    weight    INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    cost      INTEGER NOT NULL,
    lease_end INTEGER,
    PRIMARY KEY (ns, pool, key, round)
) STRICT, WITHOUT ROWID;

CREATE INDEX waiter_order ON waiter (ns, pool, tenant, priority, since, key, round)
    WHERE lease_end IS NULL;
CREATE INDEX waiter_lease ON waiter (ns, pool, lease_end) WHERE lease_end IS NOT NULL;

-- What tenants are charged (virtual times). `waits`: it has waiting jobs.
CREATE TABLE share (
    ns            INTEGER NOT NULL,
    pool          TEXT NOT NULL,
    tenant        TEXT NOT NULL,
    waits         INTEGER NOT NULL,
    start         REAL NOT NULL,
    now           REAL NOT NULL,
    finish_high   REAL NOT NULL,
    finish_normal REAL NOT NULL,
    finish_low    REAL NOT NULL,
    PRIMARY KEY (ns, pool, tenant)
) STRICT, WITHOUT ROWID;

CREATE INDEX share_order ON share (ns, pool, waits, start, tenant);

-- The virtual times of a pool, and the number of jobs that wait.
CREATE TABLE room (
    ns      INTEGER NOT NULL,
    pool    TEXT NOT NULL,
    now     REAL NOT NULL DEFAULT 0,
    served  REAL NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (ns, pool)
) STRICT, WITHOUT ROWID;
