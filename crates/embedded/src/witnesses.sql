-- Tasks that the provider was seen to have, one of each operation.
CREATE TABLE witness (
    ns        INTEGER NOT NULL,
    account   TEXT NOT NULL,
    operation TEXT NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (ns, account, operation)
) STRICT, WITHOUT ROWID;
