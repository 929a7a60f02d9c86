-- What was taken out of the store after its time: the archive that has it, and the hash its journal ends with.
CREATE TABLE archive (number BIGINT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE archived (instance BIGINT PRIMARY KEY, archive BIGINT NOT NULL, hash BYTEA NOT NULL);
