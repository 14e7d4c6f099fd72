/// The tables of findings: narrow rows for what is looked up and updated, and their contents apart. SQLite writes a row
/// as a whole, and a finding fills most of a page.
enum LedgerSchema {
    // Ids and subjects are looked up by hashes (LedgerRecord). The index of digests contains exactly the findings that a
    // source may report unchanged. Indexes contain the columns of their conditions, which SQLite compares again. The
    // columns about sources are for findings that do not come from Device Defender.
    static let findings = """
        CREATE TABLE account_region (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            listing TEXT
        ) STRICT;

        CREATE TABLE finding_group (
            number INTEGER PRIMARY KEY,
            account_region INTEGER NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            UNIQUE (account_region, kind, name)
        ) STRICT;

        CREATE TABLE finding (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id_hash BLOB NOT NULL UNIQUE,
            account_region INTEGER NOT NULL,
            finding_group INTEGER NOT NULL,
            kind TEXT NOT NULL,
            subject_hash BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            event_time INTEGER NOT NULL,
            first_observed_at INTEGER NOT NULL,
            last_observed_at INTEGER NOT NULL,
            condition TEXT NOT NULL,
            record_state TEXT NOT NULL CHECK (record_state IN ('active', 'archived')),
            severity TEXT CHECK (severity IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL')),
            is_sent INTEGER NOT NULL CHECK (is_sent IN (0, 1)),
            digest BLOB,
            source_name TEXT,
            last_reported_at INTEGER,
            last_sequence INTEGER
        ) STRICT;

        CREATE INDEX finding_subject ON finding (subject_hash);
        CREATE INDEX finding_open ON finding (finding_group, event_time, number, condition) WHERE condition <> 'over';
        CREATE INDEX finding_age ON finding (account_region, record_state, updated_at);
        CREATE INDEX finding_unsent ON finding (account_region, kind) WHERE is_sent = 0;
        CREATE INDEX finding_digest ON finding (account_region, digest, is_sent, severity) WHERE digest IS NOT NULL AND is_sent = 1;

        CREATE TABLE finding_content (
            number INTEGER PRIMARY KEY REFERENCES finding (number) ON DELETE CASCADE,
            content BLOB NOT NULL
        ) STRICT;

        CREATE TABLE finding_count (
            account_region INTEGER NOT NULL,
            severity TEXT NOT NULL,
            record_state TEXT NOT NULL,
            is_sent INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (account_region, severity, record_state, is_sent)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER finding_added AFTER INSERT ON finding BEGIN
            \(count("new", 1));
        END;
        CREATE TRIGGER finding_removed AFTER DELETE ON finding BEGIN
            \(count("old", -1));
        END;
        CREATE TRIGGER finding_changed AFTER UPDATE OF account_region, severity, record_state, is_sent ON finding
        WHEN new.account_region <> old.account_region OR new.severity IS NOT old.severity
            OR new.record_state <> old.record_state OR new.is_sent <> old.is_sent
        BEGIN
            \(count("old", -1));
            \(count("new", 1));
        END;
        """

    private static func count(_ row: String, _ difference: Int) -> String {
        """
        INSERT INTO finding_count (account_region, severity, record_state, is_sent, count)
            VALUES (\(row).account_region, ifnull(\(row).severity, ''), \(row).record_state, \(row).is_sent, \(difference))
            ON CONFLICT (account_region, severity, record_state, is_sent) DO UPDATE SET count = count + excluded.count
        """
    }

    /// Removes the former table, whose rows ``LedgerMigration`` has moved.
    static let removal = "DROP TABLE ledger;"

    // For a statement that fires a trigger, SQLite copies each page that it changes to a journal of the statement, which
    // takes as long as the insertion. LedgerWriter counts what it adds and changes; deletions are rare. What was moved
    // while the triggers were there may be counted twice.
    static let counting = """
        DROP TRIGGER finding_added;
        DROP TRIGGER finding_changed;
        DELETE FROM finding_count;
        INSERT INTO finding_count (account_region, severity, record_state, is_sent, count)
            SELECT account_region, ifnull(severity, ''), record_state, is_sent, count(*) FROM finding
            GROUP BY account_region, ifnull(severity, ''), record_state, is_sent;
        """

    // The columns have the order of PostgreSQL, which adds the last two to the existing table. SQLite 3.40 mistakes rows
    // for damaged ones if a table without row numbers has its columns in another order than its key.
    static let countingSources = """
        DROP TRIGGER finding_removed;
        DROP TABLE finding_count;

        CREATE TABLE finding_count (
            account_region INTEGER NOT NULL,
            severity TEXT NOT NULL,
            record_state TEXT NOT NULL,
            is_sent INTEGER NOT NULL,
            count INTEGER NOT NULL,
            kind TEXT NOT NULL,
            source_name TEXT NOT NULL,
            PRIMARY KEY (account_region, kind, source_name, severity, record_state, is_sent)
        ) STRICT;

        INSERT INTO finding_count (account_region, kind, source_name, severity, record_state, is_sent, count)
            SELECT account_region, kind, ifnull(source_name, ''), ifnull(severity, ''), record_state, is_sent, count(*)
            FROM finding
            GROUP BY account_region, kind, ifnull(source_name, ''), ifnull(severity, ''), record_state, is_sent;

        CREATE TRIGGER finding_removed AFTER DELETE ON finding BEGIN
            INSERT INTO finding_count (account_region, kind, source_name, severity, record_state, is_sent, count)
            VALUES (old.account_region, old.kind, ifnull(old.source_name, ''), ifnull(old.severity, ''),
                old.record_state, old.is_sent, -1)
            ON CONFLICT (account_region, kind, source_name, severity, record_state, is_sent)
                DO UPDATE SET count = count + excluded.count;
        END;
        """
}
