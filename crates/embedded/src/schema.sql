-- Times are Unix milliseconds; `ns` is a namespace's id; `holder` is a process's id.

CREATE TABLE namespace (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    journal_next INTEGER NOT NULL DEFAULT 0,
    generation   TEXT,
    began_at     INTEGER
) STRICT;

-- Ids are never used twice: a dead process must not be mistaken for a later one.
CREATE TABLE process (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The broker.

-- `process` owns the queue of an unnamed subscription, which goes with it.
CREATE TABLE queue (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    ns      INTEGER NOT NULL,
    name    TEXT NOT NULL,
    process INTEGER,
    UNIQUE (ns, name)
) STRICT;

CREATE TABLE binding (
    ns      INTEGER NOT NULL,
    queue   INTEGER NOT NULL,
    pattern TEXT NOT NULL,
    PRIMARY KEY (ns, queue, pattern)
) STRICT, WITHOUT ROWID;

-- Never changed once written; its place is in exactly one of `ready`, `held` and `later`.
CREATE TABLE message (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    routing_key TEXT NOT NULL,
    props       TEXT NOT NULL,
    body        BLOB NOT NULL
) STRICT;

-- `rank` is the place in the queue: the message's id, or a new one when it came from a delay queue.
CREATE TABLE ready (
    queue      INTEGER NOT NULL,
    rank       INTEGER NOT NULL,
    message    INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    PRIMARY KEY (queue, rank, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
    message    INTEGER PRIMARY KEY,
    queue      INTEGER NOT NULL,
    rank       INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    holder     INTEGER NOT NULL
) STRICT;
CREATE INDEX held_holder ON held (holder);
CREATE INDEX held_queue ON held (queue);

CREATE TABLE later (
    message INTEGER PRIMARY KEY,
    queue   INTEGER NOT NULL,
    due_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX later_due ON later (due_at);

CREATE TABLE journal (
    id     INTEGER PRIMARY KEY,
    ns     INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    props  TEXT NOT NULL,
    body   BLOB NOT NULL,
    UNIQUE (ns, offset)
) STRICT;

-- The ledger.

CREATE TABLE lease (
    ns         INTEGER NOT NULL,
    owner      TEXT NOT NULL,
    process    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (ns, owner)
) STRICT, WITHOUT ROWID;

-- `owner` only while submitting; `settled` tells which states may expire.
CREATE TABLE record (
    id         INTEGER PRIMARY KEY,
    ns         INTEGER NOT NULL,
    key        TEXT NOT NULL,
    version    INTEGER NOT NULL,
    tenant     TEXT NOT NULL,
    state      TEXT NOT NULL,
    settled    INTEGER NOT NULL,
    owner      TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    body       TEXT NOT NULL,
    UNIQUE (ns, key)
) STRICT;
CREATE INDEX record_newest ON record (ns, created_at);
CREATE INDEX record_state ON record (ns, state, created_at);
CREATE INDEX record_expiry ON record (expires_at) WHERE expires_at IS NOT NULL;

-- Apart from its record, so that a claim does not write the record again.
CREATE TABLE due (
    record INTEGER PRIMARY KEY,
    ns     INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    holder INTEGER
) STRICT;
CREATE INDEX due_at ON due (ns, at);
CREATE INDEX due_holder ON due (holder) WHERE holder IS NOT NULL;

CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY,
    ns          INTEGER NOT NULL,
    key         TEXT NOT NULL,
    id          TEXT NOT NULL,
    at          INTEGER NOT NULL,
    holder      INTEGER,
    closes      INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    destination TEXT NOT NULL,
    props       TEXT NOT NULL,
    body        BLOB NOT NULL,
    UNIQUE (ns, key, id)
) STRICT;
CREATE INDEX outbox_at ON outbox (ns, at);
CREATE INDEX outbox_holder ON outbox (holder) WHERE holder IS NOT NULL;

CREATE TABLE permit (
    ns     INTEGER NOT NULL,
    pool   TEXT NOT NULL,
    key    TEXT NOT NULL,
    round  INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (ns, pool, key, round)
) STRICT, WITHOUT ROWID;

-- The sum of a pool's weights, kept exact in the transaction that changes them.
CREATE TABLE pool (
    ns   INTEGER NOT NULL,
    name TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (ns, name)
) STRICT, WITHOUT ROWID;

-- Submissions per UTC day; `day` counts from the Unix epoch.
CREATE TABLE day (
    ns    INTEGER NOT NULL,
    day   INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (ns, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    ns      INTEGER NOT NULL,
    account TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (ns, account)
) STRICT, WITHOUT ROWID;
