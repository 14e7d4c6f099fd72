import Store

/// The schema of the PostgreSQL store, as named migration steps that are never changed once released.
///
/// Texts are compared bytewise (`COLLATE "C"`), so that they sort as in SQLite, whatever the database's locale.
enum PostgreSQLSchema {
    /// A migration step.
    typealias Step = (name: String, sql: String)

    static let steps: [Step] = [
        (MigrationStep.queue, queue), (MigrationStep.ledger, ledger), (MigrationStep.probe, probe),
        (MigrationStep.subscription, subscription), (MigrationStep.catchUp, catchUp), (MigrationStep.pause, pause),
        (sharingStep, sharing), (MigrationStep.status, status), (MigrationStep.clock, clock), (replicaStep, replicas),
        (MigrationStep.deadLetter, deadLetters), (MigrationStep.completion, completion),
        (MigrationStep.findings, findings), (MigrationStep.movedLedger, "DROP TABLE ledger_moved;"),
        (MigrationStep.outage, "ALTER TABLE clock_mark ADD COLUMN outage_ended_at bigint NOT NULL DEFAULT 0;"),
        (MigrationStep.findingSources, countingSources),
        (MigrationStep.history, history),
    ]

    /// The tables that a migrated store contains.
    static let tables = [
        "delivery", "account_region", "finding_group", "finding", "finding_content", "finding_count", "ledger_origin",
        "judgement", "audit_mark", "probe", "subscription", "catch_up", "pause",
        "replica", "origin_holder", "finished_audit", "last_delivery", "clock_mark", "dead_letter_share",
        "dead_letter_load", "check_completion", "audit_coverage", "finding_history", "topic_delivery",
    ]

    /// The tables about running bridges, which a copy of the store does not contain.
    static let processTables: Set = ["replica", "origin_holder"]

    // Not needed by SQLite, which has a single process.
    static let sharingStep = "share origins among replicas"
    static let replicaStep = "record sessions, clocks and progress of replicas"

    // `ready_at` is not NULL exactly while a delivery may be leased, now or later, so the partial index over it is the
    // queue.
    private static let queue = """
        CREATE TABLE delivery (
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            origin text COLLATE "C" NOT NULL,
            source text COLLATE "C" NOT NULL,
            received_at bigint NOT NULL,
            state text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'leased', 'completed', 'dead')),
            ready_at bigint CHECK ((ready_at IS NOT NULL) = (state IN ('pending', 'leased'))),
            attempts bigint NOT NULL DEFAULT 0,
            lease_number bigint NOT NULL DEFAULT 0,
            lease_owner text COLLATE "C",
            first_failed_at bigint,
            last_failed_at bigint,
            reason text COLLATE "C",
            bookmark text COLLATE "C",
            completed_at bigint CHECK ((completed_at IS NOT NULL) = (state = 'completed')),
            payload bytea CHECK ((payload IS NULL) = (state = 'completed'))
        ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

        ALTER TABLE delivery ALTER COLUMN payload SET STORAGE EXTERNAL;
        CREATE INDEX delivery_ready ON delivery (origin, ready_at, sequence, state, received_at)
            WHERE ready_at IS NOT NULL;
        CREATE INDEX delivery_completed ON delivery (completed_at) WHERE completed_at IS NOT NULL;
        CREATE INDEX delivery_dead ON delivery (last_failed_at, id) WHERE state = 'dead';
        """

    // An index entry has at most 2,704 bytes, less than two of the longest texts: one of two is stored as a
    // hash.
    private static let ledger = """
        CREATE TABLE ledger (
            id text COLLATE "C" PRIMARY KEY,
            origin text COLLATE "C" NOT NULL,
            kind text COLLATE "C" NOT NULL,
            group_key text COLLATE "C" NOT NULL,
            subject text COLLATE "C" NOT NULL,
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL,
            event_time bigint NOT NULL,
            first_observed_at bigint NOT NULL,
            last_observed_at bigint NOT NULL,
            condition text COLLATE "C" NOT NULL CHECK (condition IN ('present', 'suppressed', 'over')),
            record_state text COLLATE "C" NOT NULL CHECK (record_state IN ('active', 'archived')),
            finding bytea NOT NULL,
            is_sent bigint NOT NULL CHECK (is_sent IN (0, 1))
        );

        CREATE INDEX ledger_subject ON ledger (hashtextextended(subject, 0), id);
        CREATE INDEX ledger_unseen ON ledger (origin, kind, hashtextextended(group_key, 0), event_time, id)
            WHERE condition <> 'over';
        CREATE INDEX ledger_active ON ledger (origin, kind, updated_at, id) WHERE record_state = 'active';
        CREATE INDEX ledger_unsent ON ledger (origin, kind, id) WHERE is_sent = 0;
        CREATE INDEX ledger_archived ON ledger (updated_at) WHERE record_state = 'archived';
        CREATE INDEX ledger_of_origin ON ledger (origin);

        CREATE TABLE ledger_origin (
            origin text COLLATE "C" PRIMARY KEY,
            completed_at bigint NOT NULL
        );

        CREATE TABLE judgement (
            subject text COLLATE "C" PRIMARY KEY,
            origin text COLLATE "C" NOT NULL,
            time bigint NOT NULL,
            due_at bigint,
            keep_until bigint,
            content bytea NOT NULL
        );

        CREATE INDEX judgement_origin ON judgement (origin, subject);
        CREATE INDEX judgement_due ON judgement (due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX judgement_keep ON judgement (keep_until) WHERE keep_until IS NOT NULL;

        CREATE TABLE audit_mark (
            origin text COLLATE "C" NOT NULL,
            check_name text COLLATE "C" NOT NULL,
            start_time bigint NOT NULL,
            task_id text COLLATE "C" NOT NULL,
            PRIMARY KEY (origin, check_name)
        );
        """

    private static let probe = """
        CREATE TABLE probe (
            id bigint PRIMARY KEY CHECK (id = 1),
            writes bigint NOT NULL
        );
        """

    private static let subscription = """
        CREATE TABLE subscription (
            topic text COLLATE "C" PRIMARY KEY,
            state text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'confirmed', 'ended')),
            message_id text COLLATE "C" NOT NULL,
            published_at bigint NOT NULL,
            changed_at bigint NOT NULL
        );
        """

    private static let catchUp = """
        CREATE TABLE catch_up (
            origin text COLLATE "C" PRIMARY KEY,
            watermark bigint NOT NULL
        );
        """

    // `*` stands for all accounts.
    private static let pause = """
        CREATE TABLE pause (
            account text COLLATE "C" PRIMARY KEY,
            paused_by text COLLATE "C" NOT NULL,
            paused_at bigint NOT NULL,
            reason text COLLATE "C"
        );

        CREATE INDEX delivery_dead_origin ON delivery (origin, received_at, state) WHERE state = 'dead';
        """

    private static let sharing = """
        CREATE TABLE replica (
            id text COLLATE "C" PRIMARY KEY,
            leases boolean NOT NULL,
            live_until timestamptz NOT NULL
        );

        CREATE TABLE origin_holder (
            origin text COLLATE "C" PRIMARY KEY,
            replica text COLLATE "C"
        );

        CREATE INDEX origin_holder_replica ON origin_holder (replica);
        """

    // Existing findings have no severity until they are written again, or labeled in small batches. An
    // audit on demand has no schedule: its name is empty. An index entry has at most 2,704 bytes, enough for the
    // longest name of a schedule.
    private static let status = """
        ALTER TABLE ledger ADD COLUMN severity text COLLATE "C"
            CHECK (severity IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'));

        CREATE INDEX ledger_active_severity ON ledger (severity, origin) WHERE record_state = 'active';

        CREATE TABLE finished_audit (
            origin text COLLATE "C" NOT NULL,
            schedule text COLLATE "C" NOT NULL,
            task_id text COLLATE "C" NOT NULL,
            start_time bigint NOT NULL,
            finished_at bigint,
            PRIMARY KEY (origin, schedule)
        );

        CREATE TABLE last_delivery (
            origin text COLLATE "C" PRIMARY KEY,
            received_at bigint NOT NULL
        );
        """

    // A store that is in use already has times by which a clock step is detected.
    private static let clock = """
        CREATE TABLE clock_mark (
            id bigint PRIMARY KEY CHECK (id = 1),
            newest bigint NOT NULL,
            is_confirmed boolean NOT NULL,
            held_until bigint NOT NULL
        );

        INSERT INTO clock_mark (id, newest, is_confirmed, held_until) SELECT 1, newest, true, 0 FROM (\(MigrationStep.newest))
            AS found WHERE newest IS NOT NULL;
        """

    private static let history = """
        CREATE TABLE finding_history (
            series text COLLATE "C" NOT NULL,
            at bigint NOT NULL,
            critical bigint NOT NULL,
            high bigint NOT NULL,
            medium bigint NOT NULL,
            low bigint NOT NULL,
            informational bigint NOT NULL,
            unsent bigint NOT NULL,
            pending bigint NOT NULL,
            dead bigint NOT NULL,
            PRIMARY KEY (series, at)
        );

        CREATE TABLE topic_delivery (
            topic text COLLATE "C" PRIMARY KEY,
            received_at bigint NOT NULL
        );
        """

    // Columns may be NULL: replicas of the previous version do not write them.
    private static let replicas = """
        ALTER TABLE replica ADD COLUMN name text COLLATE "C", ADD COLUMN signed_at timestamptz,
            ADD COLUMN session_key bigint, ADD COLUMN clock_offset bigint;

        ALTER TABLE origin_holder ADD COLUMN worked_at timestamptz;
        """

    // Dead letters are changed only under a lock on the rows of `dead_letter_load`, which are there for
    // this from the beginning.
    private static let deadLetters = """
        ALTER TABLE delivery ADD COLUMN topic text COLLATE "C" NOT NULL DEFAULT '';

        UPDATE delivery SET bookmark = NULL WHERE state = 'dead' AND bookmark IS NOT NULL;

        CREATE INDEX delivery_dead_topic ON delivery (source, topic, last_failed_at, sequence) WHERE state = 'dead';

        CREATE TABLE dead_letter_share (
            source text COLLATE "C" NOT NULL,
            topic text COLLATE "C" NOT NULL,
            count bigint NOT NULL,
            bytes bigint NOT NULL,
            PRIMARY KEY (source, topic)
        );

        CREATE INDEX dead_letter_share_count ON dead_letter_share (source, count);
        CREATE INDEX dead_letter_share_bytes ON dead_letter_share (source, bytes);

        CREATE TABLE dead_letter_load (
            source text COLLATE "C" PRIMARY KEY,
            count bigint NOT NULL,
            bytes bigint NOT NULL,
            dropped bigint NOT NULL
        );

        INSERT INTO dead_letter_load (source, count, bytes, dropped)
            VALUES ('sns', 0, 0, 0), ('eventBridge', 0, 0, 0), ('schedule', 0, 0, 0), ('catchUp', 0, 0, 0);
        \(PostgreSQLDeadLetterLimits.recountShares);
        \(PostgreSQLDeadLetterLimits.recountLoads);
        """

    private static let completion = """
        CREATE TABLE check_completion (
            origin text COLLATE "C" NOT NULL,
            check_name text COLLATE "C" NOT NULL,
            completed_at bigint NOT NULL,
            passed_at bigint,
            PRIMARY KEY (origin, check_name)
        );

        CREATE TABLE audit_coverage (
            origin text COLLATE "C" PRIMARY KEY,
            read_from bigint NOT NULL,
            read_to bigint NOT NULL
        );
        """
}
