-- How far the store has come, and what it no longer has: one row.
CREATE TABLE meta (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL DEFAULT 0,
    log_offset bigint NOT NULL DEFAULT 0,
    trimmed bigint NOT NULL DEFAULT 0,
    deletions bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO meta DEFAULT VALUES;

-- Values. Times are microseconds since 1970.
CREATE TABLE entry (
    key text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL,
    version bigint NOT NULL,
    expires bigint
);
CREATE INDEX entry_version ON entry (version);
CREATE INDEX entry_expires ON entry (expires, key) WHERE expires IS NOT NULL;

-- Keys that had a value, until that is forgotten.
CREATE TABLE deleted (
    key text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL
);
CREATE INDEX deleted_version ON deleted (version);

-- The log.
CREATE TABLE event (
    log_offset bigint PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    data bytea NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX event_topic ON event (topic, log_offset);

-- Where topics ended that have lost events.
CREATE TABLE last_offset (
    topic text COLLATE "C" PRIMARY KEY,
    log_offset bigint NOT NULL
);

-- Up to where topics have lost events.
CREATE TABLE trimmed (
    topic text COLLATE "C" PRIMARY KEY,
    through bigint NOT NULL
);
CREATE INDEX trimmed_through ON trimmed (through);

-- How far the last transaction of each node brought the store.
CREATE TABLE writer (
    node text PRIMARY KEY,
    revision bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
