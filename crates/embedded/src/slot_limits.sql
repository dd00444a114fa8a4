-- How many slots of a pool are used, as found from what the provider refuses.
CREATE TABLE slot_limit (
    id      INTEGER PRIMARY KEY,
    ns      INTEGER NOT NULL,
    pool    TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    UNIQUE (ns, pool)
) STRICT;
