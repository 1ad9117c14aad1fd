CREATE TABLE migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
);

-- How far the store has come, and what it has lost.
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    trimmed INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
);
INSERT INTO head VALUES (1, 0, 0, 0, 0);

-- Without a value: deleted.
CREATE TABLE entry (
    key TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    expires INTEGER,
    value BLOB
);
CREATE INDEX entry_version ON entry (version);
CREATE INDEX entry_expires ON entry (expires) WHERE expires IS NOT NULL;
CREATE INDEX entry_deleted ON entry (version) WHERE value IS NULL;

CREATE TABLE event (
    "offset" INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    kind TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX event_topic ON event (topic, "offset");

-- Topics that have lost events: up to where, and where the last of the lost was.
CREATE TABLE topic (
    topic TEXT NOT NULL PRIMARY KEY,
    trimmed INTEGER NOT NULL DEFAULT 0,
    last_offset INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX topic_trimmed ON topic (trimmed);
