-- A tracker of version 1 with something of everything in it, as SQLite's own shell writes it out.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE project (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT,
    -- The number of its latest issue. Raised in the transaction that makes the issue, so that numbers have no gaps.
    last_issue  INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
INSERT INTO project VALUES(1,'OPS','Operations','Keeps the lights on.',2,1795411564503864,1795411564503864);
INSERT INTO project VALUES(2,'DEV','Development',NULL,1,1795411564504396,1795411564504396);
CREATE TABLE issue (
    id         INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL REFERENCES project (id),
    number     INTEGER NOT NULL CHECK (number > 0),
    title      TEXT NOT NULL,
    body       TEXT,
    state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'in_progress', 'closed')),
    author     TEXT NOT NULL,
    assignee   TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (project, number)
) STRICT;
INSERT INTO issue VALUES(1,1,1,'The lid leaks','Since *Monday*, at the Größe joint.','open','ann','bob',1795411564504831,1795411564510265);
INSERT INTO issue VALUES(2,1,2,'A new cap',NULL,'closed','ann',NULL,1795411564506105,1795411564509641);
INSERT INTO issue VALUES(3,2,1,'Draw the lid',NULL,'open','carl',NULL,1795411564507036,1795411564510265);
CREATE TABLE label (
    project INTEGER NOT NULL,
    name    TEXT NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (project, name, number),
    FOREIGN KEY (project, number) REFERENCES issue (project, number)
) STRICT, WITHOUT ROWID;
INSERT INTO label VALUES(1,'bug',1);
INSERT INTO label VALUES(1,'ux',1);
INSERT INTO label VALUES(2,'bug',1);
CREATE TABLE comment (
    id         INTEGER PRIMARY KEY,
    issue      INTEGER NOT NULL REFERENCES issue (id),
    body       TEXT NOT NULL,
    author     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO comment VALUES(1,1,'Seen too.','dora',1795411564508344);
INSERT INTO comment VALUES(2,1,'It''s mended.','carl',1795411564509008);
CREATE TABLE link (
    id         INTEGER PRIMARY KEY,
    from_issue INTEGER NOT NULL REFERENCES issue (id),
    to_issue   INTEGER NOT NULL REFERENCES issue (id),
    kind       TEXT NOT NULL CHECK (kind IN ('relates_to', 'blocks', 'duplicates', 'parent_of')),
    created_at INTEGER NOT NULL,
    UNIQUE (from_issue, to_issue, kind),
    CHECK (from_issue <> to_issue)
) STRICT;
INSERT INTO link VALUES(1,2,1,'blocks',1795411564509641);
INSERT INTO link VALUES(2,1,3,'relates_to',1795411564510265);
CREATE TABLE keyed (
    id         INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    key        TEXT NOT NULL,
    digest     BLOB NOT NULL,
    answer     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, operation, key)
) STRICT;
INSERT INTO keyed VALUES(1,'default','project.create_issue','first',X'9265c4830b7846a1bdc8e04cc21c95fc','{"issue":{"project":"OPS","number":2},"title":"A new cap","state":"open","author":"ann","created_at":"2026-11-23T05:26:04.506105Z","updated_at":"2026-11-23T05:26:04.506105Z","labels":[],"links":[]}',1795411564506105);
CREATE INDEX issue_by_state ON issue (project, state, number);
CREATE INDEX issue_by_assignee ON issue (project, assignee, number) WHERE assignee IS NOT NULL;
CREATE INDEX label_by_issue ON label (project, number);
CREATE INDEX comment_by_issue ON comment (issue);
CREATE INDEX link_by_end ON link (to_issue);
CREATE INDEX keyed_by_age ON keyed (created_at);
PRAGMA application_id = 1299140722;
PRAGMA user_version = 1;
COMMIT;
