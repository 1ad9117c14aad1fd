//! The statements. Names are those of the schema that each connection searches.

/// Takes the one write turn of the schema, for the rest of the transaction, and tells the head as it is then.
///
/// Each statement has a snapshot of its own, so the last one sees what was committed while the turn was waited for.
pub(super) const BEGIN: &str = "BEGIN; \
    SELECT pg_advisory_xact_lock(hashtextextended('mosaic state ' || current_schema(), 0)); \
    SELECT revision, log_offset, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, \
        pg_backend_pid() AS process FROM meta";

/// Values, deletions, events and the head, in one statement, and the hint for other nodes where that is wanted. It marks how far
/// this node has come, by which the end of a transaction is known when the answer to its commit is lost.
///
/// What was read is changed where it lies, or removed there where no change tells of it: that is a fraction of what it costs to find it by
/// its key. How many were is told: all of them, or nothing may be written.
pub(super) const WRITE: &str = "\
    WITH put AS ( \
        INSERT INTO entry (key, value, version, expires, tracked) \
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[]) \
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, \
            expires = excluded.expires, tracked = excluded.tracked \
    ), changed AS ( \
        UPDATE entry SET value = new.value, version = new.version, expires = new.expires, tracked = new.tracked \
        FROM unnest($6::text[], $7::bytea[], $8::bigint[], $9::bigint[], $10::bigint[], $11::tid[]) \
            AS new (key, value, version, expires, tracked, place) \
        WHERE entry.ctid = new.place AND entry.key || '' = new.key RETURNING true \
    ), erased AS ( \
        DELETE FROM entry USING unnest($12::text[], $13::tid[]) AS dead (key, place) \
        WHERE entry.ctid = dead.place AND entry.key || '' = dead.key RETURNING true \
    ), revived AS ( \
        DELETE FROM deleted WHERE key = ANY ($1) \
    ), gone AS ( \
        DELETE FROM entry USING unnest($14::text[], $15::bigint[]) AS dead (key, version) \
        WHERE entry.key = dead.key RETURNING entry.key, dead.version, entry.tracked \
    ), buried AS ( \
        INSERT INTO deleted (key, version) SELECT key, version FROM gone WHERE tracked IS NOT NULL \
    ), told AS ( \
        INSERT INTO event (log_offset, topic, kind, data, at) \
        SELECT * FROM unnest($16::bigint[], $17::text[], $18::text[], $19::bytea[], $20::bigint[]) \
    ), mark AS ( \
        INSERT INTO writer (node, revision) VALUES ($24, $21) \
        ON CONFLICT (node) DO UPDATE SET revision = excluded.revision, at = now() \
    ) \
    UPDATE meta SET revision = greatest(revision, $21), log_offset = greatest(log_offset, $22) \
    RETURNING (SELECT count(*) FROM changed) + (SELECT count(*) FROM erased) AS changed, \
        CASE WHEN $23 THEN pg_notify('mosaic state ' || current_schema(), '')::text END AS hint";

/// The channel of the hints, which listeners must name themselves.
pub(super) const CHANNEL: &str = "SELECT 'mosaic state ' || current_schema()";

/// Removes events, keeps where their topics ended, and marks what was removed.
pub(super) const TRIM_TOPIC: &str = "\
    WITH mark AS ( \
        INSERT INTO trimmed (topic, through) VALUES ($1, $2) \
        ON CONFLICT (topic) DO UPDATE SET through = greatest(trimmed.through, excluded.through) \
    ), gone AS ( \
        DELETE FROM event WHERE topic = $1 AND log_offset <= $2 RETURNING topic, log_offset \
    ) \
    INSERT INTO last_offset (topic, log_offset) SELECT topic, max(log_offset) FROM gone GROUP BY topic \
    ON CONFLICT (topic) DO UPDATE SET log_offset = greatest(last_offset.log_offset, excluded.log_offset)";

/// As [`TRIM_TOPIC`], for all topics but those of the audit.
pub(super) const TRIM_ALL: &str = "\
    WITH mark AS ( \
        UPDATE meta SET trimmed = greatest(trimmed, $1) \
    ), gone AS ( \
        DELETE FROM event WHERE log_offset <= $1 AND topic NOT LIKE 'audit.%' RETURNING topic, log_offset \
    ) \
    INSERT INTO last_offset (topic, log_offset) SELECT topic, max(log_offset) FROM gone GROUP BY topic \
    ON CONFLICT (topic) DO UPDATE SET log_offset = greatest(last_offset.log_offset, excluded.log_offset)";

/// Where topics ended whose events were removed: of a restore.
pub(super) const PLACE: &str = "\
    INSERT INTO last_offset (topic, log_offset) SELECT * FROM unnest($1::text[], $2::bigint[]) \
    ON CONFLICT (topic) DO UPDATE SET log_offset = greatest(last_offset.log_offset, excluded.log_offset)";

/// Forgets deletions, and marks it.
pub(super) const FORGET: &str = "\
    WITH gone AS (DELETE FROM deleted WHERE version <= $1) \
    UPDATE meta SET deletions = greatest(deletions, $1)";

pub(super) const HEAD: &str = "SELECT revision, log_offset FROM meta";

/// How far a node has come.
pub(super) const MARK: &str = "SELECT revision FROM writer WHERE node = $1";

/// A node is gone.
pub(super) const UNMARK: &str = "DELETE FROM writer WHERE node = $1";

/// Nodes that went without a word. No lookup lasts as long. One that is back and writes just now has its row locked: it is left there,
/// and nobody waits for it.
pub(super) const SWEEP: &str = "\
    DELETE FROM writer WHERE node IN ( \
        SELECT node FROM writer WHERE at < now() - interval '1 day' FOR UPDATE SKIP LOCKED)";

pub(super) const GET_MANY: &str = "SELECT key, value, version, expires, tracked IS NOT NULL AS tracked, ctid FROM entry WHERE key = ANY ($1)";

pub(super) const RANGE: &str = "SELECT key, value, version, expires, tracked IS NOT NULL AS tracked, ctid FROM entry \
    WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3";

/// Changes up to a limit, and the rest of the last one's revision. They are found by their revisions: `key || ''` keeps the index of
/// keys out, which would go through the whole range.
pub(super) const CHANGES: &str = "\
    WITH last AS MATERIALIZED ( \
        SELECT max(version) AS version FROM ( \
            (SELECT tracked AS version FROM entry WHERE tracked > $3 AND key || '' >= $1 AND key || '' < $2 \
                ORDER BY tracked LIMIT $4) \
            UNION ALL \
            (SELECT version FROM deleted WHERE version > $3 AND key || '' >= $1 AND key || '' < $2 \
                ORDER BY version LIMIT $4) \
            ORDER BY version LIMIT $4 \
        ) AS few \
    ) \
    SELECT key, value, tracked AS version FROM entry, last \
        WHERE tracked > $3 AND tracked <= last.version AND key || '' >= $1 AND key || '' < $2 \
    UNION ALL \
    SELECT key, NULL, deleted.version FROM deleted, last \
        WHERE deleted.version > $3 AND deleted.version <= last.version AND key || '' >= $1 AND key || '' < $2 \
    ORDER BY version, key";

pub(super) const EVENTS: &str =
    "SELECT log_offset, topic, kind, data, at FROM event WHERE log_offset > $1 ORDER BY log_offset LIMIT $2";

pub(super) const EVENTS_OF_TOPIC: &str = "\
    SELECT log_offset, topic, kind, data, at FROM event \
    WHERE topic = $3 AND log_offset > $1 ORDER BY log_offset LIMIT $2";

/// Events whose topic fits a regular expression.
pub(super) const EVENTS_LIKE: &str = "\
    SELECT log_offset, topic, kind, data, at FROM event \
    WHERE topic ~ $3 AND log_offset > $1 ORDER BY log_offset LIMIT $2";

pub(super) const LAST_OFFSETS: &str = "\
    SELECT asked.topic, coalesce( \
        (SELECT max(log_offset) FROM event WHERE event.topic = asked.topic), \
        (SELECT log_offset FROM last_offset WHERE last_offset.topic = asked.topic)) AS log_offset \
    FROM unnest($1::text[]) AS asked (topic)";

/// One row for each topic that has lost events, or one with none.
pub(super) const TRIMMED: &str =
    "SELECT meta.trimmed, deletions, topic, through FROM meta LEFT JOIN trimmed ON true";

/// The last offset up to which a topic that fits a regular expression has lost events; `$3` where a removal of all leaves those.
pub(super) const LOST: &str = "\
    SELECT coalesce(greatest( \
        (SELECT meta.trimmed FROM meta WHERE meta.trimmed > $1 AND NOT $3), \
        (SELECT max(through) FROM trimmed WHERE through > $1 AND topic ~ $2)), 0) AS through";

pub(super) const EXPIRING: &str =
    "SELECT key, expires FROM entry WHERE expires IS NOT NULL ORDER BY expires, key LIMIT $1";

pub(super) const VIEW: &str = "\
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = '1h'; \
    SELECT revision, log_offset FROM meta";

pub(super) const ENTRIES: &str = "SELECT key, value, version, expires, tracked IS NOT NULL AS tracked FROM entry \
    WHERE key > $1 ORDER BY key LIMIT $2";

pub(super) const PLACES: &str =
    "SELECT topic, log_offset FROM last_offset WHERE topic > $1 ORDER BY topic LIMIT $2";
