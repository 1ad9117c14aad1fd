-- What is looked at when documents are searched. Everything in it follows from the files.
CREATE TABLE space (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE document (
    number INTEGER PRIMARY KEY,
    space TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (space, id)
);
CREATE VIRTUAL TABLE words USING fts5 (title, body, tokenize = 'porter unicode61 remove_diacritics 2');
