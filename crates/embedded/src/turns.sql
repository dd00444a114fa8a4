-- Whose turn it is to take jobs for a full pool.
CREATE TABLE turn (
    ns      INTEGER NOT NULL,
    pool    TEXT NOT NULL,
    owner   TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (ns, pool)
) STRICT, WITHOUT ROWID;
