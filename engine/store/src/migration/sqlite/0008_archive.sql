-- What was taken out of the store after its time: the archive that has it, and the hash its journal ends with.
CREATE TABLE archive (
  number INTEGER PRIMARY KEY,
  body   TEXT NOT NULL
) STRICT;
CREATE TABLE archived (
  instance INTEGER PRIMARY KEY,
  archive  INTEGER NOT NULL,
  hash     BLOB NOT NULL
) STRICT;
