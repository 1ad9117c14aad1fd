-- A tracker: projects, issues with labels, comments and links, and the answers of keyed writes.
-- Times are microseconds since 1970. Texts compare by their bytes, which orders them by code point.

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
CREATE INDEX issue_by_state ON issue (project, state, number);
CREATE INDEX issue_by_assignee ON issue (project, assignee, number) WHERE assignee IS NOT NULL;

-- The order of the key is that of a list of issues with a label, newest first when read backwards.
CREATE TABLE label (
    project INTEGER NOT NULL,
    name    TEXT NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (project, name, number),
    FOREIGN KEY (project, number) REFERENCES issue (project, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_by_issue ON label (project, number);

CREATE TABLE comment (
    id         INTEGER PRIMARY KEY,
    issue      INTEGER NOT NULL REFERENCES issue (id),
    body       TEXT NOT NULL,
    author     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX comment_by_issue ON comment (issue);

CREATE TABLE link (
    id         INTEGER PRIMARY KEY,
    from_issue INTEGER NOT NULL REFERENCES issue (id),
    to_issue   INTEGER NOT NULL REFERENCES issue (id),
    kind       TEXT NOT NULL CHECK (kind IN ('relates_to', 'blocks', 'duplicates', 'parent_of')),
    created_at INTEGER NOT NULL,
    UNIQUE (from_issue, to_issue, kind),
    CHECK (from_issue <> to_issue)
) STRICT;
CREATE INDEX link_by_end ON link (to_issue);

-- What a write with an idempotency key answered, written in the same transaction as its effect.
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
CREATE INDEX keyed_by_age ON keyed (created_at);
