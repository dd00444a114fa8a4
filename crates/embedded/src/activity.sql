-- Rounds that have ended, by slot of five minutes, pool and final state.
CREATE TABLE ended (
    ns    INTEGER NOT NULL,
    slot  INTEGER NOT NULL,
    pool  TEXT NOT NULL,
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (ns, slot, pool, state)
) STRICT, WITHOUT ROWID;
