-- Tables and columns as in SQLite's versions 1 to 6; what is said there is not repeated here. Texts are compared
-- byte by byte, as SQLite does. Keys are given by the program: no sequences.
CREATE TABLE migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL);

CREATE TABLE journal (
  lsn        BIGINT PRIMARY KEY,
  instance   BIGINT NOT NULL,
  rev        BIGINT NOT NULL,
  prev_lsn   BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  first_seq  BIGINT NOT NULL,
  n          BIGINT NOT NULL,
  state_hash BYTEA NOT NULL,
  hash       BYTEA NOT NULL,
  events     BYTEA NOT NULL
);

CREATE TABLE seal (last_lsn BIGINT PRIMARY KEY, first_lsn BIGINT NOT NULL, hash BYTEA NOT NULL);

CREATE TABLE snapshot (
  instance BIGINT PRIMARY KEY,
  rev      BIGINT NOT NULL,
  hash     BYTEA NOT NULL,
  state    BYTEA NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE workflow (id BIGINT PRIMARY KEY, name TEXT COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE definition (
  id        BIGINT PRIMARY KEY,
  workflow  BIGINT NOT NULL,
  hash      TEXT COLLATE "C" NOT NULL,
  namespace TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL,
  version   TEXT COLLATE "C" NOT NULL,
  UNIQUE (hash, namespace, name, version)
);

CREATE TABLE instance (
  id         BIGINT PRIMARY KEY,
  definition BIGINT NOT NULL,
  workflow   BIGINT NOT NULL,
  status     TEXT COLLATE "C" NOT NULL,
  rev        BIGINT NOT NULL,
  seq        BIGINT NOT NULL,
  last_lsn   BIGINT NOT NULL,
  wake_at    BIGINT,
  in_flight  BIGINT NOT NULL,
  updated    BIGINT NOT NULL,
  start_key  TEXT COLLATE "C",
  hash       BYTEA NOT NULL,
  touched    BIGINT NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX instance_wake ON instance (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX instance_in_flight ON instance (id) WHERE in_flight = 1;
CREATE INDEX instance_workflow ON instance (workflow, id);
CREATE INDEX instance_status ON instance (status, id);

CREATE TABLE start_key (
  workflow   TEXT COLLATE "C" NOT NULL,
  key        TEXT COLLATE "C" NOT NULL,
  instance   BIGINT NOT NULL,
  input_hash TEXT NOT NULL,
  PRIMARY KEY (workflow, key)
);

CREATE TABLE subscription (key BIGINT NOT NULL, instance BIGINT NOT NULL, PRIMARY KEY (key, instance));
CREATE INDEX subscription_instance ON subscription (instance);

CREATE TABLE work_item (
  instance BIGINT NOT NULL,
  n        BIGINT NOT NULL,
  open     BIGINT NOT NULL,
  due_at   BIGINT NOT NULL,
  state    TEXT COLLATE "C" NOT NULL,
  overdue  BIGINT NOT NULL,
  unheld   BIGINT NOT NULL,
  case_no  TEXT COLLATE "C",
  body     TEXT NOT NULL,
  PRIMARY KEY (instance, n)
);
CREATE INDEX work_item_due ON work_item (open, due_at, instance, n);
CREATE INDEX work_item_state ON work_item (state);
CREATE INDEX work_item_case ON work_item (case_no) WHERE case_no IS NOT NULL;
CREATE INDEX work_item_unheld ON work_item (due_at, instance, n) WHERE unheld = 1;

CREATE TABLE work_item_candidate (
  who      TEXT COLLATE "C" NOT NULL,
  open     BIGINT NOT NULL,
  due_at   BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  n        BIGINT NOT NULL,
  PRIMARY KEY (who, open, due_at, instance, n)
);
CREATE INDEX work_item_candidate_item ON work_item_candidate (instance, n);

CREATE TABLE case_ (
  instance BIGINT PRIMARY KEY,
  no       TEXT COLLATE "C" NOT NULL UNIQUE,
  state    TEXT COLLATE "C" NOT NULL,
  outcome  TEXT COLLATE "C",
  channel  TEXT COLLATE "C" NOT NULL,
  unit     TEXT COLLATE "C",
  body     TEXT NOT NULL,
  category TEXT COLLATE "C",
  kind     TEXT COLLATE "C",
  open     BIGINT NOT NULL,
  due      BIGINT NOT NULL,
  opened   BIGINT NOT NULL,
  phone    TEXT COLLATE "C",
  tail     TEXT COLLATE "C",
  tracking TEXT COLLATE "C",
  indexed  BIGINT NOT NULL
);
CREATE INDEX case_opened ON case_ (opened, instance);
CREATE INDEX case_open_due ON case_ (open, due, instance);
CREATE INDEX case_state_opened ON case_ (state, opened, instance);
CREATE INDEX case_state_due ON case_ (state, due, instance);
CREATE INDEX case_outcome_opened ON case_ (outcome, opened, instance) WHERE outcome IS NOT NULL;
CREATE INDEX case_channel_opened ON case_ (channel, opened, instance);
CREATE INDEX case_unit_opened ON case_ (unit, opened, instance) WHERE unit IS NOT NULL;
CREATE INDEX case_unit_due ON case_ (unit, open, due, instance) WHERE unit IS NOT NULL;
CREATE INDEX case_category_opened ON case_ (category, opened, instance) WHERE category IS NOT NULL;
CREATE INDEX case_kind_opened ON case_ (kind, opened, instance) WHERE kind IS NOT NULL;
CREATE INDEX case_phone ON case_ (phone, opened, instance) WHERE phone IS NOT NULL;
CREATE INDEX case_tail ON case_ (tail, opened, instance) WHERE tail IS NOT NULL;
CREATE INDEX case_tracking ON case_ (tracking) WHERE tracking IS NOT NULL;
CREATE INDEX case_unindexed ON case_ (instance) WHERE indexed = 0;

CREATE TABLE case_flag (
  flag     TEXT COLLATE "C" NOT NULL,
  opened   BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  PRIMARY KEY (flag, opened, instance)
);
CREATE INDEX case_flag_instance ON case_flag (instance);

-- The words of each case.
CREATE TABLE case_text (instance BIGINT PRIMARY KEY, words TEXT[] NOT NULL);
CREATE INDEX case_text_words ON case_text USING gin (words);

CREATE TABLE counter (date TEXT COLLATE "C" PRIMARY KEY, last BIGINT NOT NULL);

CREATE TABLE inbox (
  id          BIGINT PRIMARY KEY,
  source      TEXT COLLATE "C" NOT NULL,
  event_id    TEXT COLLATE "C" NOT NULL,
  arrived     BIGINT NOT NULL,
  kind        TEXT COLLATE "C" NOT NULL,
  ready_at    BIGINT,
  session     TEXT COLLATE "C",
  disposition TEXT NOT NULL,
  event       TEXT NOT NULL,
  UNIQUE (source, event_id)
);
CREATE INDEX inbox_ready ON inbox (ready_at, id) WHERE ready_at IS NOT NULL;
CREATE INDEX inbox_session ON inbox (session, id) WHERE session IS NOT NULL;
CREATE INDEX inbox_undelivered ON inbox (id) WHERE kind IN ('buffered', 'unmatched');
CREATE INDEX inbox_kind ON inbox (kind);

CREATE TABLE inbox_key (key BIGINT NOT NULL, inbox BIGINT NOT NULL, PRIMARY KEY (key, inbox));
CREATE INDEX inbox_key_inbox ON inbox_key (inbox);

CREATE TABLE message (
  number   BIGINT PRIMARY KEY,
  instance BIGINT NOT NULL,
  n        BIGINT NOT NULL,
  channel  TEXT COLLATE "C" NOT NULL,
  state    TEXT COLLATE "C" NOT NULL,
  body     TEXT NOT NULL,
  UNIQUE (instance, n)
);
CREATE INDEX message_channel ON message (channel, number);
CREATE INDEX message_state ON message (state);

CREATE TABLE rejection (
  id      BIGINT PRIMARY KEY,
  channel TEXT COLLATE "C" NOT NULL,
  code    TEXT COLLATE "C" NOT NULL,
  body    TEXT NOT NULL
);
CREATE INDEX rejection_channel ON rejection (channel, id);
CREATE INDEX rejection_code ON rejection (code);

CREATE TABLE incident (
  number   BIGINT PRIMARY KEY,
  instance BIGINT NOT NULL,
  code     TEXT COLLATE "C" NOT NULL,
  body     TEXT NOT NULL,
  UNIQUE (instance, code)
);

CREATE TABLE deployment (
  number    BIGINT PRIMARY KEY,
  hash      TEXT COLLATE "C" NOT NULL UNIQUE,
  namespace TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL,
  version   TEXT COLLATE "C" NOT NULL,
  source    TEXT NOT NULL,
  forms     TEXT NOT NULL,
  resources TEXT NOT NULL,
  at        BIGINT NOT NULL,
  by        TEXT NOT NULL,
  UNIQUE (namespace, name, version)
);

CREATE TABLE schedule (
  workflow TEXT COLLATE "C" PRIMARY KEY,
  fired    BIGINT NOT NULL,
  run      BIGINT,
  paused   TEXT
);

CREATE TABLE schedule_run (id BIGINT PRIMARY KEY, workflow TEXT COLLATE "C" NOT NULL, body TEXT NOT NULL);
CREATE INDEX schedule_run_workflow ON schedule_run (workflow, id);

CREATE TABLE kv (
  channel TEXT COLLATE "C" NOT NULL,
  key     TEXT COLLATE "C" NOT NULL,
  value   BYTEA NOT NULL,
  expires BIGINT,
  PRIMARY KEY (channel, key)
);
CREATE INDEX kv_expires ON kv (expires) WHERE expires IS NOT NULL;

CREATE TABLE token (
  id   TEXT COLLATE "C" PRIMARY KEY,
  hash TEXT COLLATE "C" NOT NULL UNIQUE,
  body TEXT NOT NULL
);

CREATE TABLE reference (
  number  BIGINT PRIMARY KEY,
  kind    TEXT COLLATE "C" NOT NULL,
  name    TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  by      TEXT NOT NULL,
  reason  TEXT,
  body    TEXT NOT NULL,
  UNIQUE (kind, name, version)
);

CREATE TABLE sweep (
  id    BIGINT PRIMARY KEY,
  key   TEXT COLLATE "C" NOT NULL UNIQUE,
  state TEXT COLLATE "C" NOT NULL,
  open  BIGINT NOT NULL,
  until BIGINT NOT NULL,
  body  TEXT NOT NULL
);
CREATE INDEX sweep_state ON sweep (state, id);
CREATE INDEX sweep_open ON sweep (id) WHERE open = 1;

CREATE TABLE sweep_line (
  sweep    BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  n        BIGINT NOT NULL,
  result   TEXT COLLATE "C" NOT NULL,
  cause    TEXT COLLATE "C",
  unit     TEXT COLLATE "C",
  since    BIGINT NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (sweep, instance, n)
);

-- Who works on this database, and who of them owns the instances. ADR 0030.

-- The fence: read by each writing transaction, changed only when a node joins, leaves or is declared dead.
CREATE TABLE node (
  name        TEXT COLLATE "C" PRIMARY KEY,
  incarnation BIGINT NOT NULL,     -- 1, 2, 3 … for each stay of the node
  nonce       TEXT NOT NULL,
  address     TEXT NOT NULL,       -- where the other nodes reach it
  state       TEXT NOT NULL        -- alive, dead, left
);

-- The heartbeat, apart from the fence: it never waits for a writer.
CREATE TABLE lease (
  node        TEXT COLLATE "C" PRIMARY KEY,
  incarnation BIGINT NOT NULL,
  until       TIMESTAMPTZ NOT NULL -- by the database's clock
);

-- The map of ownership. One shard, 0, holds all instances.
CREATE TABLE shard (id BIGINT PRIMARY KEY, node TEXT COLLATE "C", incarnation BIGINT);
INSERT INTO shard (id) VALUES (0);

-- Who owned when, and from which place in the journal on.
CREATE TABLE tenure (
  shard       BIGINT NOT NULL,
  n           BIGINT NOT NULL,     -- 1, 2, 3 …
  node        TEXT COLLATE "C" NOT NULL,
  incarnation BIGINT NOT NULL,
  first_lsn   BIGINT NOT NULL,
  since       TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (shard, n)
);
