-- The record's revision when the slot was asked for: who gives it back late must not take it
-- from who asked since.
ALTER TABLE permit ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
