import Store

/// The tables of findings.
extension PostgreSQLSchema {
    // The former table is renamed first, so that replicas of an earlier version fail instead of writing findings that
    // no replica reads. Kinds and conditions of later versions must fit: they have no list of values.
    static let findings = """
        ALTER TABLE ledger RENAME TO ledger_moved;

        CREATE TABLE account_region (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text COLLATE "C" NOT NULL UNIQUE,
            listing text COLLATE "C"
        );

        CREATE TABLE finding_group (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            account_region bigint NOT NULL,
            kind text COLLATE "C" NOT NULL,
            name text COLLATE "C" NOT NULL,
            UNIQUE (account_region, kind, name)
        );

        CREATE TABLE finding (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id_hash bytea NOT NULL UNIQUE,
            account_region bigint NOT NULL,
            finding_group bigint NOT NULL,
            kind text COLLATE "C" NOT NULL,
            subject_hash bytea NOT NULL,
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL,
            event_time bigint NOT NULL,
            first_observed_at bigint NOT NULL,
            last_observed_at bigint NOT NULL,
            condition text COLLATE "C" NOT NULL,
            record_state text COLLATE "C" NOT NULL CHECK (record_state IN ('active', 'archived')),
            severity text COLLATE "C" CHECK (severity IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL')),
            is_sent bigint NOT NULL CHECK (is_sent IN (0, 1)),
            digest bytea,
            source_name text COLLATE "C",
            last_reported_at bigint,
            last_sequence bigint
        ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

        CREATE INDEX finding_subject ON finding (subject_hash, number);
        CREATE INDEX finding_open ON finding (finding_group, event_time, number) WHERE condition <> 'over';
        CREATE INDEX finding_age ON finding (account_region, record_state, updated_at, number);
        CREATE INDEX finding_unsent ON finding (account_region, kind, number) WHERE is_sent = 0;
        CREATE INDEX finding_digest ON finding (account_region, digest, number, severity)
            WHERE digest IS NOT NULL AND is_sent = 1;

        CREATE TABLE finding_content (
            number bigint PRIMARY KEY REFERENCES finding ON DELETE CASCADE,
            content bytea NOT NULL
        );

        ALTER TABLE finding_content ALTER COLUMN content SET STORAGE EXTERNAL;

        \(findingCount)
        """

    /// The numbers of findings, which triggers keep.
    private static let findingCount = """
        CREATE TABLE finding_count (
            account_region bigint NOT NULL,
            severity text COLLATE "C" NOT NULL,
            record_state text COLLATE "C" NOT NULL,
            is_sent bigint NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (account_region, severity, record_state, is_sent)
        ) WITH (fillfactor = 50);

        \(counting(after: "INSERT", "count_added_findings", "NEW TABLE AS added", ["added": 1]))
        \(counting(after: "DELETE", "count_deleted_findings", "OLD TABLE AS deleted", ["deleted": -1]))
        \(counting(
            after: "UPDATE", "count_changed_findings", "NEW TABLE AS added OLD TABLE AS deleted",
            ["added": 1, "deleted": -1]))
        """

    /// A trigger that applies what a statement changes in the numbers of findings, and its function.
    ///
    /// Transactions that change findings of the same account-Region wait for each other at its row: with several
    /// statements each, they would otherwise lock the numbers in different orders, and deadlock. The function of a
    /// trigger is named with its schema, because functions are not found in the schema of temporary tables.
    ///
    /// - Parameter tables: the sign of the rows of each transition table.
    private static func counting(
        after event: String, _ name: String, _ transition: String, _ tables: KeyValuePairs<String, Int>
    ) -> String {
        let locked = tables.map { "SELECT account_region FROM \($0.key)" }.joined(separator: " UNION ")
        let changes = tables.map {
            """
            SELECT account_region, coalesce(severity, '') AS severity, record_state, is_sent, \($0.value) AS change
                        FROM \($0.key)
            """
        }
        return """
            CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $function$
            BEGIN
                IF NOT EXISTS (SELECT FROM \(tables[0].key)) THEN RETURN NULL; END IF;
                PERFORM FROM account_region WHERE number IN (\(locked)) ORDER BY number FOR NO KEY UPDATE;
                INSERT INTO finding_count AS known (account_region, severity, record_state, is_sent, count)
                SELECT account_region, severity, record_state, is_sent, sum(change) FROM (
                    \(changes.joined(separator: "\n            UNION ALL "))) AS changes
                GROUP BY account_region, severity, record_state, is_sent HAVING sum(change) <> 0
                ORDER BY account_region, severity, record_state, is_sent
                ON CONFLICT (account_region, severity, record_state, is_sent)
                    DO UPDATE SET count = known.count + excluded.count;
                RETURN NULL;
            END $function$;

            DO $block$ BEGIN
                EXECUTE format(
                    'CREATE TRIGGER \(name) AFTER \(event) ON finding REFERENCING \(transition)
                        EXECUTE FUNCTION %I.\(name)()', current_schema());
            END $block$;
            """
    }
}
