-- When a person or an event last moved an instance: what sweeps for forgotten cases look at.
ALTER TABLE instance ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;
UPDATE instance SET touched = updated;

-- Who stopped a schedule, as JSON, while it is stopped.
ALTER TABLE schedule ADD COLUMN paused TEXT;

-- What became of planned times, and what people did with schedules.
CREATE TABLE schedule_run (
  id       INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  body     TEXT NOT NULL
) STRICT;
CREATE INDEX schedule_run_workflow ON schedule_run (workflow, id);

CREATE TABLE sweep (
  id    INTEGER PRIMARY KEY,
  key   TEXT NOT NULL UNIQUE,      -- the caller's name: the same key is the same sweep
  state TEXT NOT NULL,
  open  INTEGER NOT NULL,          -- 0: over
  until INTEGER NOT NULL,          -- an id given out with it; 0: none
  body  TEXT NOT NULL
) STRICT;
CREATE INDEX sweep_state ON sweep (state, id);
CREATE INDEX sweep_open ON sweep (id) WHERE open = 1;

-- The ledger: one line for each target of a sweep. The key is what keeps a target from being acted on twice.
CREATE TABLE sweep_line (
  sweep    INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  n        INTEGER NOT NULL,       -- a work item's number; 0: the case
  result   TEXT NOT NULL,
  cause    TEXT,
  unit     TEXT,
  since    INTEGER NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (sweep, instance, n)
) STRICT, WITHOUT ROWID;
