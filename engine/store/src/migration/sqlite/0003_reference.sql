-- What the rules read besides an instance: calendars, the organisation. Append only.
CREATE TABLE reference (
  number  INTEGER PRIMARY KEY,  -- counted over all documents
  kind    TEXT NOT NULL,
  name    TEXT NOT NULL,
  version INTEGER NOT NULL,     -- 1, 2, 3 … for each name
  at      INTEGER NOT NULL,
  by      TEXT NOT NULL,
  reason  TEXT,
  body    TEXT NOT NULL,        -- the text, as it was given
  UNIQUE (kind, name, version)
) STRICT;
