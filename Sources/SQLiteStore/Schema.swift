import GRDB
import Store

/// The schema of the SQLite store, as named migration steps that are never changed once released.
enum Schema {
    /// Stored in the header of the file, so that another application's database is never taken for a store: "DBri".
    static let applicationID: Int64 = 0x4442_7269

    // Not needed by PostgreSQL, whose triggers count the rows of a statement at once.
    static let countingStep = "count findings without triggers"

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(MigrationStep.queue) { try $0.execute(sql: queue) }
        migrator.registerMigration(MigrationStep.ledger) { try $0.execute(sql: ledger) }
        migrator.registerMigration(MigrationStep.probe) { try $0.execute(sql: probe) }
        migrator.registerMigration(MigrationStep.subscription) { try $0.execute(sql: subscription) }
        migrator.registerMigration(MigrationStep.catchUp) { try $0.execute(sql: catchUp) }
        migrator.registerMigration(MigrationStep.pause) { try $0.execute(sql: pause) }
        migrator.registerMigration(MigrationStep.status) { try $0.execute(sql: status) }
        migrator.registerMigration(MigrationStep.clock) { try $0.execute(sql: clock) }
        migrator.registerMigration(MigrationStep.deadLetter) { try $0.execute(sql: deadLetters) }
        migrator.registerMigration(MigrationStep.completion) { try $0.execute(sql: completion) }
        migrator.registerMigration(MigrationStep.findings) { try $0.execute(sql: LedgerSchema.findings) }
        migrator.registerMigration(MigrationStep.movedLedger) { try $0.execute(sql: LedgerSchema.removal) }
        migrator.registerMigration(countingStep) { try $0.execute(sql: LedgerSchema.counting) }
        migrator.registerMigration(MigrationStep.outage) { try $0.execute(sql: outage) }
        migrator.registerMigration(MigrationStep.findingSources) { try $0.execute(sql: LedgerSchema.countingSources) }
        migrator.registerMigration(MigrationStep.history) { try $0.execute(sql: history) }
        return migrator
    }

    // The payload has a table of its own because SQLite writes a row as a whole: a change of state would otherwise
    // copy the payload each time. `ready_at` is not NULL exactly while a delivery may be leased, now or later, so the
    // partial index over it is the queue; its last two columns serve the status without reading the table.
    private static let queue = """
        PRAGMA application_id = \(applicationID);

        CREATE TABLE delivery (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            origin TEXT NOT NULL,
            source TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'leased', 'completed', 'dead')),
            ready_at INTEGER CHECK ((ready_at IS NOT NULL) = (state IN ('pending', 'leased'))),
            attempts INTEGER NOT NULL DEFAULT 0,
            lease_number INTEGER NOT NULL DEFAULT 0,
            lease_owner TEXT,
            first_failed_at INTEGER,
            last_failed_at INTEGER,
            reason TEXT,
            bookmark TEXT,
            completed_at INTEGER CHECK ((completed_at IS NOT NULL) = (state = 'completed'))
        ) STRICT;

        CREATE INDEX delivery_ready ON delivery (origin, ready_at, sequence, state, received_at)
            WHERE ready_at IS NOT NULL;
        CREATE INDEX delivery_completed ON delivery (completed_at) WHERE completed_at IS NOT NULL;
        CREATE INDEX delivery_dead ON delivery (last_failed_at, id) WHERE state = 'dead';

        CREATE TABLE payload (
            sequence INTEGER PRIMARY KEY REFERENCES delivery (sequence) ON DELETE CASCADE,
            bytes BLOB NOT NULL
        ) STRICT;
        """

    private static let ledger = """
        CREATE TABLE ledger (
            id TEXT NOT NULL UNIQUE,
            origin TEXT NOT NULL,
            kind TEXT NOT NULL,
            group_key TEXT NOT NULL,
            subject TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            event_time INTEGER NOT NULL,
            first_observed_at INTEGER NOT NULL,
            last_observed_at INTEGER NOT NULL,
            condition TEXT NOT NULL CHECK (condition IN ('present', 'suppressed', 'over')),
            record_state TEXT NOT NULL CHECK (record_state IN ('active', 'archived')),
            finding BLOB NOT NULL,
            is_sent INTEGER NOT NULL CHECK (is_sent IN (0, 1))
        ) STRICT;

        CREATE INDEX ledger_subject ON ledger (subject, id);
        CREATE INDEX ledger_unseen ON ledger (origin, kind, group_key, event_time, id) WHERE condition <> 'over';
        CREATE INDEX ledger_active ON ledger (origin, kind, updated_at, id) WHERE record_state = 'active';
        CREATE INDEX ledger_unsent ON ledger (origin, kind, id) WHERE is_sent = 0;
        CREATE INDEX ledger_archived ON ledger (updated_at) WHERE record_state = 'archived';

        CREATE TABLE ledger_origin (
            origin TEXT NOT NULL PRIMARY KEY,
            completed_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE judgement (
            subject TEXT NOT NULL UNIQUE,
            origin TEXT NOT NULL,
            time INTEGER NOT NULL,
            due_at INTEGER,
            keep_until INTEGER,
            content BLOB NOT NULL
        ) STRICT;

        CREATE INDEX judgement_origin ON judgement (origin, subject);
        CREATE INDEX judgement_due ON judgement (due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX judgement_keep ON judgement (keep_until) WHERE keep_until IS NOT NULL;

        CREATE TABLE audit_mark (
            origin TEXT NOT NULL,
            check_name TEXT NOT NULL,
            start_time INTEGER NOT NULL,
            task_id TEXT NOT NULL,
            PRIMARY KEY (origin, check_name)
        ) STRICT, WITHOUT ROWID;
        """

    private static let probe = """
        CREATE TABLE probe (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            writes INTEGER NOT NULL
        ) STRICT;
        """

    private static let subscription = """
        CREATE TABLE subscription (
            topic TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL CHECK (state IN ('pending', 'confirmed', 'ended')),
            message_id TEXT NOT NULL,
            published_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let catchUp = """
        CREATE TABLE catch_up (
            origin TEXT NOT NULL PRIMARY KEY,
            watermark INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // `*` stands for all accounts. The index counts the dead letters of an account-Region without reading the table.
    private static let pause = """
        CREATE TABLE pause (
            account TEXT NOT NULL PRIMARY KEY,
            paused_by TEXT NOT NULL,
            paused_at INTEGER NOT NULL,
            reason TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX delivery_dead_origin ON delivery (origin, received_at, state) WHERE state = 'dead';
        """

    // Existing findings have no severity until they are written again, or labeled in small batches: a
    // store with a million of them must not block. The index serves counts, and has findings without a severity in one
    // place. An audit on demand has no schedule: its name is empty.
    private static let status = """
        ALTER TABLE ledger ADD COLUMN severity TEXT
            CHECK (severity IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'));

        CREATE INDEX ledger_active_severity ON ledger (severity, origin) WHERE record_state = 'active';

        CREATE TABLE finished_audit (
            origin TEXT NOT NULL,
            schedule TEXT NOT NULL,
            task_id TEXT NOT NULL,
            start_time INTEGER NOT NULL,
            finished_at INTEGER,
            PRIMARY KEY (origin, schedule)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE last_delivery (
            origin TEXT NOT NULL PRIMARY KEY,
            received_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // A store that is in use already has times by which a clock step is detected. They count as confirmed: an
    // upgrade after some hours is not a step.
    private static let clock = """
        CREATE TABLE clock_mark (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            newest INTEGER NOT NULL,
            is_confirmed INTEGER NOT NULL CHECK (is_confirmed IN (0, 1)),
            held_until INTEGER NOT NULL
        ) STRICT;

        INSERT INTO clock_mark (id, newest, is_confirmed, held_until) SELECT 1, newest, 1, 0 FROM (\(MigrationStep.newest)) AS found
        WHERE newest IS NOT NULL;
        """

    private static let outage = "ALTER TABLE clock_mark ADD COLUMN outage_ended_at INTEGER NOT NULL DEFAULT 0;"

    private static let history = """
        CREATE TABLE finding_history (
            series TEXT NOT NULL,
            at INTEGER NOT NULL,
            critical INTEGER NOT NULL,
            high INTEGER NOT NULL,
            medium INTEGER NOT NULL,
            low INTEGER NOT NULL,
            informational INTEGER NOT NULL,
            unsent INTEGER NOT NULL,
            pending INTEGER NOT NULL,
            dead INTEGER NOT NULL,
            PRIMARY KEY (series, at)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE topic_delivery (
            topic TEXT NOT NULL PRIMARY KEY,
            received_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // The limits are enforced without reading the dead letters: the number and size of each topic's are in
    // `dead_letter_share`, the sums of each channel in `dead_letter_load`. The topic of an earlier version's delivery
    // is unknown: its topic is empty. A dead letter's checkpoint is useless, since a replay starts from the beginning.
    private static let deadLetters = """
        ALTER TABLE delivery ADD COLUMN topic TEXT NOT NULL DEFAULT '';

        UPDATE delivery SET bookmark = NULL WHERE state = 'dead' AND bookmark IS NOT NULL;

        CREATE INDEX delivery_dead_topic ON delivery (source, topic, last_failed_at) WHERE state = 'dead';

        CREATE TABLE dead_letter_share (
            source TEXT NOT NULL,
            topic TEXT NOT NULL,
            count INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (source, topic)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX dead_letter_share_count ON dead_letter_share (source, count);
        CREATE INDEX dead_letter_share_bytes ON dead_letter_share (source, bytes);

        CREATE TABLE dead_letter_load (
            source TEXT NOT NULL PRIMARY KEY,
            count INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            dropped INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        INSERT INTO dead_letter_share (source, topic, count, bytes)
            SELECT source, topic, COUNT(*), SUM(length(bytes) + ifnull(length(CAST(reason AS BLOB)), 0))
            FROM delivery JOIN payload USING (sequence) WHERE state = 'dead' GROUP BY source, topic;
        INSERT INTO dead_letter_load (source, count, bytes, dropped)
            SELECT source, count, bytes, 0 FROM dead_letter_share;
        """

    private static let completion = """
        CREATE TABLE check_completion (
            origin TEXT NOT NULL,
            check_name TEXT NOT NULL,
            completed_at INTEGER NOT NULL,
            passed_at INTEGER,
            PRIMARY KEY (origin, check_name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit_coverage (
            origin TEXT NOT NULL PRIMARY KEY,
            read_from INTEGER NOT NULL,
            read_to INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
