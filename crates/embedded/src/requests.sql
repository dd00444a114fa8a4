-- Apart from its record, so that a look neither reads nor writes it. Records of earlier versions
-- have theirs inside the body until they are next written.
CREATE TABLE request (
    record INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    body   TEXT NOT NULL
) STRICT;
CREATE TRIGGER request_goes AFTER DELETE ON record BEGIN
    DELETE FROM request WHERE record = old.id;
END;
