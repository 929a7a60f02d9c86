-- Work that nobody was there for: a flag that lists can ask for. ADR 0020.
ALTER TABLE work_item ADD COLUMN unheld INTEGER NOT NULL DEFAULT 0;
CREATE INDEX work_item_unheld ON work_item (due_at, instance, n) WHERE unheld = 1;
