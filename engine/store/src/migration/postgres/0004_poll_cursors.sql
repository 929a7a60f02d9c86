-- How far each channel that asks for what is new has come; written with the events it stands behind.
CREATE TABLE poll_cursor (
  channel TEXT COLLATE "C" PRIMARY KEY,
  next    TEXT,                -- what the plugin is handed next time; only it can read it
  at      BIGINT NOT NULL      -- when the channel was last asked with success
);
