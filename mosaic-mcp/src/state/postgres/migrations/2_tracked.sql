-- The order of changes is kept for tracked values alone: one that is not is changed in its place, without a new key in any index. Pages
-- keep room for that.
ALTER TABLE entry ADD COLUMN tracked bigint;
UPDATE entry SET tracked = version;
DROP INDEX entry_version;
CREATE INDEX entry_tracked ON entry (tracked) WHERE tracked IS NOT NULL;
ALTER TABLE entry SET (fillfactor = 80);

-- Of ready tasks and those that are held no such keys are kept any more.
DELETE FROM entry WHERE key >= 'task-state/' AND key < 'task-state0'
    AND (key LIKE 'task-state/%/ready/%' OR key LIKE 'task-state/%/running/%' OR key LIKE 'task-state/%/stopping/%');
