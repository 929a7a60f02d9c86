-- What cases are listed and found by. A new case fills all of it; older ones are filled in when the store is
-- opened, since words and digits are made by the program (indexed = 0: not yet).
ALTER TABLE case_ ADD COLUMN category TEXT;
ALTER TABLE case_ ADD COLUMN kind TEXT;
ALTER TABLE case_ ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
ALTER TABLE case_ ADD COLUMN due INTEGER NOT NULL DEFAULT 9223372036854775807;  -- the greatest number: none
ALTER TABLE case_ ADD COLUMN opened INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_ ADD COLUMN phone TEXT;       -- digits
ALTER TABLE case_ ADD COLUMN tail TEXT;        -- its last four
ALTER TABLE case_ ADD COLUMN tracking TEXT;
ALTER TABLE case_ ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;

-- Every index ends with the instance, which is the row's id: lists go on where a page ended.
DROP INDEX case_state;
DROP INDEX case_outcome;
DROP INDEX case_channel;
DROP INDEX case_unit;
CREATE INDEX case_opened ON case_ (opened);
CREATE INDEX case_open_due ON case_ (open, due);
CREATE INDEX case_state_opened ON case_ (state, opened);
CREATE INDEX case_state_due ON case_ (state, due);
CREATE INDEX case_outcome_opened ON case_ (outcome, opened) WHERE outcome IS NOT NULL;
CREATE INDEX case_channel_opened ON case_ (channel, opened);
CREATE INDEX case_unit_opened ON case_ (unit, opened) WHERE unit IS NOT NULL;
CREATE INDEX case_unit_due ON case_ (unit, open, due) WHERE unit IS NOT NULL;
CREATE INDEX case_category_opened ON case_ (category, opened) WHERE category IS NOT NULL;
CREATE INDEX case_kind_opened ON case_ (kind, opened) WHERE kind IS NOT NULL;
CREATE INDEX case_phone ON case_ (phone, opened) WHERE phone IS NOT NULL;
CREATE INDEX case_tail ON case_ (tail, opened) WHERE tail IS NOT NULL;
CREATE INDEX case_tracking ON case_ (tracking) WHERE tracking IS NOT NULL;
CREATE INDEX case_unindexed ON case_ (instance) WHERE indexed = 0;

DROP TABLE case_flag;
CREATE TABLE case_flag (
  flag     TEXT NOT NULL,
  opened   INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  PRIMARY KEY (flag, opened, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_flag_instance ON case_flag (instance);

-- The words of each case, parted by spaces; the row's id is the instance. The words themselves are not kept.
CREATE VIRTUAL TABLE case_text USING fts5(
  words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
