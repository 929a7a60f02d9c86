-- Texts from elsewhere that a deployment uses, by URI: functions and schemas. ADR 0013.
ALTER TABLE deployment ADD COLUMN resources TEXT NOT NULL DEFAULT '{}';
