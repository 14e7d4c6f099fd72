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
}
