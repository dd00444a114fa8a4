-- Submissions per account and UTC day; `day` counts from the Unix epoch. Versions with one account
-- counted all as its own, in the table `day`, which stays: a process of such a version may have the file
-- open.
CREATE TABLE account_day (
    ns      INTEGER NOT NULL,
    account TEXT NOT NULL,
    day     INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (ns, account, day)
) STRICT, WITHOUT ROWID;
INSERT INTO account_day SELECT ns, 'default', day, count FROM day;
