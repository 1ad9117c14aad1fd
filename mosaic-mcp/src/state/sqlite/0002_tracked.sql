-- The order of changes is kept for tracked values alone, and for their deletions.
ALTER TABLE entry ADD COLUMN tracked INTEGER;
UPDATE entry SET tracked = version;
DROP INDEX entry_version;
CREATE INDEX entry_tracked ON entry (tracked) WHERE tracked IS NOT NULL;

-- Of ready tasks and those that are held no such keys are kept any more.
DELETE FROM entry WHERE key >= 'task-state/' AND key < 'task-state0'
    AND (key LIKE 'task-state/%/ready/%' OR key LIKE 'task-state/%/running/%' OR key LIKE 'task-state/%/stopping/%');
