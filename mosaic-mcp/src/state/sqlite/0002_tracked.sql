-- The order of changes is kept for tracked values alone, and for their deletions.
ALTER TABLE entry ADD COLUMN tracked INTEGER;
UPDATE entry SET tracked = version;
DROP INDEX entry_version;
CREATE INDEX entry_tracked ON entry (tracked) WHERE tracked IS NOT NULL;
