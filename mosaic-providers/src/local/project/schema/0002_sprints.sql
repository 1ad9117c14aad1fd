-- Sprints, a full-text index over issues, and the people of each project.

CREATE TABLE sprint (
    id         INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL REFERENCES project (id),
    name       TEXT NOT NULL,
    goal       TEXT,
    state      TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'active', 'closed')),
    starts_at  INTEGER,
    ends_at    INTEGER,
    created_at INTEGER NOT NULL,
    CHECK (starts_at <= ends_at)
) STRICT;
CREATE INDEX sprint_by_project ON sprint (project);

-- A column of the issue: an issue is planned for one sprint at most.
ALTER TABLE issue ADD COLUMN sprint INTEGER REFERENCES sprint (id);
CREATE INDEX issue_by_sprint ON issue (project, sprint, number) WHERE sprint IS NOT NULL;

-- The words of issues. It holds no texts: those are read from the issue, whose row has the same number. Case and accents
-- make no difference.
CREATE VIRTUAL TABLE issue_text USING fts5 (
    title, body, content = 'issue', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO issue_text (issue_text) VALUES ('rebuild');

CREATE TRIGGER issue_text_insert AFTER INSERT ON issue BEGIN
    INSERT INTO issue_text (rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE TRIGGER issue_text_update AFTER UPDATE OF title, body ON issue
WHEN old.title <> new.title OR old.body IS NOT new.body BEGIN
    INSERT INTO issue_text (issue_text, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
    INSERT INTO issue_text (rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE TRIGGER issue_text_delete AFTER DELETE ON issue BEGIN
    INSERT INTO issue_text (issue_text, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
END;

-- Who opened an issue of a project or commented on one, so that a list of people does not read every comment. Who an issue
-- is assigned to changes, and is read from the issues.
CREATE TABLE author (
    project INTEGER NOT NULL REFERENCES project (id),
    name    TEXT NOT NULL,
    PRIMARY KEY (project, name)
) STRICT, WITHOUT ROWID;
INSERT INTO author (project, name)
    SELECT project, author FROM issue
    UNION
    SELECT i.project, c.author FROM comment c JOIN issue i ON i.id = c.issue;

CREATE TRIGGER author_of_issue AFTER INSERT ON issue BEGIN
    INSERT INTO author (project, name) VALUES (new.project, new.author) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER author_of_comment AFTER INSERT ON comment BEGIN
    INSERT INTO author (project, name) SELECT project, new.author FROM issue WHERE id = new.issue
        ON CONFLICT DO NOTHING;
END;
