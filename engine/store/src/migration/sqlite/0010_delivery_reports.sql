-- What providers say of messages that went out. Joined by channel and id when a message is looked at, for a
-- report may come before the message has its id.
CREATE TABLE delivery_report (
  channel     TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  stage       INTEGER NOT NULL,   -- how far: a report of a smaller stage changes nothing
  body        TEXT NOT NULL,
  PRIMARY KEY (channel, provider_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE message ADD COLUMN provider_id TEXT;
