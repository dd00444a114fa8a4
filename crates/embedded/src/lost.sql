-- Something was found missing in the present generation, by whichever owner compared it.
ALTER TABLE namespace ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
