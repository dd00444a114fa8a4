-- How far the journal was compared with the ledger, by whom, and since when jobs may be
-- submitted. A ledger that was in use before this has lost nothing.
ALTER TABLE namespace ADD COLUMN opens_at INTEGER;
ALTER TABLE namespace ADD COLUMN follower TEXT;
ALTER TABLE namespace ADD COLUMN followed INTEGER;
UPDATE namespace SET opens_at = 0 WHERE generation IS NOT NULL;
