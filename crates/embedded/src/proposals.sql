-- Task ids that callbacks named for a job's round; there may be no record of the job.
CREATE TABLE proposal (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    key        TEXT NOT NULL,
    round      INTEGER NOT NULL,
    task       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (ns, key, round, task)
) STRICT;
CREATE INDEX proposal_expiry ON proposal (expires_at);

-- Whose a task of the provider is.
CREATE TABLE task_owner (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    account    TEXT NOT NULL,
    task       TEXT NOT NULL,
    key        TEXT NOT NULL,
    round      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (ns, account, task)
) STRICT;
CREATE INDEX task_owner_expiry ON task_owner (expires_at);
