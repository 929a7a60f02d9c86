-- What providers say of messages that went out. Joined by channel and id when a message is looked at, for a
-- report may come before the message has its id.
CREATE TABLE delivery_report (
  channel     TEXT COLLATE "C" NOT NULL,
  provider_id TEXT COLLATE "C" NOT NULL,
  stage       BIGINT NOT NULL,    -- how far: a report of a smaller stage changes nothing
  body        TEXT NOT NULL,
  PRIMARY KEY (channel, provider_id)
);
ALTER TABLE message ADD COLUMN provider_id TEXT COLLATE "C";
