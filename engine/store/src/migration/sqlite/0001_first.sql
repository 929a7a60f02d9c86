-- Ids are 63-bit numbers that grow with time; times are milliseconds since 1970.
CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;

-- The truth, append only. prev_lsn leads to the instance's turn before: history needs no index.
CREATE TABLE journal (
  lsn        INTEGER PRIMARY KEY,  -- 1, 2, 3 … without gaps, given by the writer
  instance   INTEGER NOT NULL,
  rev        INTEGER NOT NULL,
  prev_lsn   INTEGER NOT NULL,     -- 0: none
  at         INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  state_hash BLOB NOT NULL,
  hash       BLOB NOT NULL,
  events     BLOB NOT NULL         -- packed JSON lines
) STRICT;

-- One row per commit with turns: the chain over all instances.
CREATE TABLE seal (last_lsn INTEGER PRIMARY KEY, first_lsn INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;

-- The newest state of each instance, in place.
CREATE TABLE snapshot (
  instance INTEGER PRIMARY KEY,
  rev      INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  state    BLOB NOT NULL           -- packed JSON
) STRICT;

-- Names said once.
CREATE TABLE workflow (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE definition (
  id        INTEGER PRIMARY KEY,
  workflow  INTEGER NOT NULL,
  hash      TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name      TEXT NOT NULL,
  version   TEXT NOT NULL,
  UNIQUE (hash, namespace, name, version)
) STRICT;

CREATE TABLE instance (
  id         INTEGER PRIMARY KEY,
  definition INTEGER NOT NULL,
  workflow   INTEGER NOT NULL,
  status     TEXT NOT NULL,
  rev        INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  last_lsn   INTEGER NOT NULL,
  wake_at    INTEGER,
  in_flight  INTEGER NOT NULL,
  updated    INTEGER NOT NULL,
  start_key  TEXT,
  hash       BLOB NOT NULL         -- of its last turn: the next one needs no look-up
) STRICT;
CREATE INDEX instance_wake ON instance (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX instance_in_flight ON instance (id) WHERE in_flight = 1;
CREATE INDEX instance_workflow ON instance (workflow, id);
CREATE INDEX instance_status ON instance (status, id);

CREATE TABLE start_key (
  workflow   TEXT NOT NULL,
  key        TEXT NOT NULL,
  instance   INTEGER NOT NULL,
  input_hash TEXT NOT NULL,
  PRIMARY KEY (workflow, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
  key      INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  PRIMARY KEY (key, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_instance ON subscription (instance);

CREATE TABLE work_item (
  instance INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  open     INTEGER NOT NULL,
  due_at   INTEGER NOT NULL,       -- the greatest number: no due time
  state    TEXT NOT NULL,
  overdue  INTEGER NOT NULL,
  case_no  TEXT,
  body     TEXT NOT NULL,
  PRIMARY KEY (instance, n)
) STRICT;
CREATE INDEX work_item_due ON work_item (open, due_at, instance, n);
CREATE INDEX work_item_state ON work_item (state);
CREATE INDEX work_item_case ON work_item (case_no) WHERE case_no IS NOT NULL;

-- Who sees a work item, in the order of lists. who: a:assignee, p:person, r:role, x:excluded person.
CREATE TABLE work_item_candidate (
  who      TEXT NOT NULL,
  open     INTEGER NOT NULL,
  due_at   INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (who, open, due_at, instance, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_item_candidate_item ON work_item_candidate (instance, n);

CREATE TABLE case_ (
  instance INTEGER PRIMARY KEY,
  no       TEXT NOT NULL UNIQUE,
  state    TEXT NOT NULL,
  outcome  TEXT,
  channel  TEXT NOT NULL,
  unit     TEXT,
  body     TEXT NOT NULL
) STRICT;
CREATE INDEX case_state ON case_ (state, instance);
CREATE INDEX case_outcome ON case_ (outcome, instance) WHERE outcome IS NOT NULL;
CREATE INDEX case_channel ON case_ (channel, instance);
CREATE INDEX case_unit ON case_ (unit, instance) WHERE unit IS NOT NULL;
CREATE TABLE case_flag (
  flag     TEXT NOT NULL,
  instance INTEGER NOT NULL,
  PRIMARY KEY (flag, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_flag_instance ON case_flag (instance);

-- The last number given out per day.
CREATE TABLE counter (date TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  id          INTEGER PRIMARY KEY,
  source      TEXT NOT NULL,
  event_id    TEXT NOT NULL,
  arrived     INTEGER NOT NULL,
  kind        TEXT NOT NULL,       -- the disposition's word
  ready_at    INTEGER,             -- to be routed from then on; a number before all times: now
  session     TEXT,                -- while it gathers
  disposition TEXT NOT NULL,
  event       TEXT NOT NULL,
  UNIQUE (source, event_id)
) STRICT;
CREATE INDEX inbox_ready ON inbox (ready_at, id) WHERE ready_at IS NOT NULL;
CREATE INDEX inbox_session ON inbox (session, id) WHERE session IS NOT NULL;
CREATE INDEX inbox_undelivered ON inbox (id) WHERE kind IN ('buffered', 'unmatched');
CREATE INDEX inbox_kind ON inbox (kind);

-- Where buffered events wait.
CREATE TABLE inbox_key (
  key   INTEGER NOT NULL,
  inbox INTEGER NOT NULL,
  PRIMARY KEY (key, inbox)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_key_inbox ON inbox_key (inbox);

CREATE TABLE message (
  number   INTEGER PRIMARY KEY,    -- in order of request
  instance INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  channel  TEXT NOT NULL,
  state    TEXT NOT NULL,
  body     TEXT NOT NULL,
  UNIQUE (instance, n)
) STRICT;
CREATE INDEX message_channel ON message (channel, number);
CREATE INDEX message_state ON message (state);

CREATE TABLE rejection (
  id      INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  code    TEXT NOT NULL,
  body    TEXT NOT NULL
) STRICT;
CREATE INDEX rejection_channel ON rejection (channel, id);
CREATE INDEX rejection_code ON rejection (code);

-- Open ones only.
CREATE TABLE incident (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  instance INTEGER NOT NULL,
  code     TEXT NOT NULL,
  body     TEXT NOT NULL,
  UNIQUE (instance, code)
) STRICT;

CREATE TABLE deployment (
  number    INTEGER PRIMARY KEY,
  hash      TEXT NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  name      TEXT NOT NULL,
  version   TEXT NOT NULL,
  source    TEXT NOT NULL,
  forms     TEXT NOT NULL,
  at        INTEGER NOT NULL,
  by        TEXT NOT NULL,
  UNIQUE (namespace, name, version)
) STRICT;

CREATE TABLE schedule (workflow TEXT PRIMARY KEY, fired INTEGER NOT NULL, run INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE kv (
  channel TEXT NOT NULL,
  key     TEXT NOT NULL,
  value   BLOB NOT NULL,
  expires INTEGER,
  PRIMARY KEY (channel, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX kv_expires ON kv (expires) WHERE expires IS NOT NULL;

CREATE TABLE token (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
