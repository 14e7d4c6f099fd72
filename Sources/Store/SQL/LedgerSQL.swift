/// The statements of the ledger.
///
/// What is looked up and updated is in the narrow rows of `finding`, the texts are in `finding_content`. Ids and subjects
/// are looked up by their hashes, account-Regions and groups are numbered. In PostgreSQL, triggers keep `finding_count`.
package enum LedgerSQL {
    /// Adds account-Regions, and keeps existing ones.
    package static let addAccountRegion = SQLStatement(
        sqlite: "INSERT INTO account_region (name) VALUES (?1) ON CONFLICT (name) DO NOTHING",
        postgreSQL: """
            INSERT INTO account_region (name) SELECT DISTINCT given.name FROM unnest($1) AS given (name)
            WHERE NOT EXISTS (SELECT 1 FROM account_region AS known WHERE known.name = given.name)
            ON CONFLICT (name) DO NOTHING
            """)

    /// Adds groups, and keeps existing ones.
    package static let addGroup = SQLStatement(
        sqlite: """
            INSERT INTO finding_group (account_region, kind, name)
            SELECT number, ?2, ?3 FROM account_region WHERE name = ?1
            ON CONFLICT (account_region, kind, name) DO NOTHING
            """,
        postgreSQL: """
            INSERT INTO finding_group (account_region, kind, name)
            SELECT account_region.number, given.kind, given.name
            FROM (SELECT DISTINCT * FROM unnest($1, $2, $3) AS given (origin, kind, name)) AS given
                JOIN account_region ON account_region.name = given.origin
            WHERE (
                SELECT known.number FROM finding_group AS known
                WHERE known.account_region = account_region.number AND known.kind = given.kind
                    AND known.name = given.name) IS NULL
            ON CONFLICT (account_region, kind, name) DO NOTHING
            """)

    /// The numbers of a group and its account-Region.
    package static let groupNumbers = SQLStatement(
        """
        SELECT finding_group.number AS number, account_region.number AS account_region
        FROM finding_group JOIN account_region ON account_region.number = finding_group.account_region
        WHERE account_region.name = :origin AND finding_group.kind = :kind AND finding_group.name = :name
        """)

    private static let columns = """
        id_hash, account_region, finding_group, kind, subject_hash, created_at, updated_at, event_time,
        first_observed_at, last_observed_at, condition, record_state, severity, is_sent, digest,
        source_name, last_reported_at, last_sequence
        """

    private static let overwrite = """
        DO UPDATE SET
            account_region = excluded.account_region, finding_group = excluded.finding_group, kind = excluded.kind,
            subject_hash = excluded.subject_hash, created_at = excluded.created_at, updated_at = excluded.updated_at,
            event_time = excluded.event_time, first_observed_at = excluded.first_observed_at,
            last_observed_at = excluded.last_observed_at, condition = excluded.condition,
            record_state = excluded.record_state, severity = excluded.severity, is_sent = excluded.is_sent,
            digest = excluded.digest, source_name = excluded.source_name,
            last_reported_at = excluded.last_reported_at, last_sequence = excluded.last_sequence
        """

    /// Adds findings, and keeps existing ones; see ``restoreContent`` for their texts.
    package static let restore = insert(onConflict: "DO NOTHING")
    /// Adds or replaces findings; see ``upsertContent`` for their texts.
    package static let upsert = insert(onConflict: overwrite)

    private static func insert(onConflict action: String) -> SQLStatement {
        SQLStatement(
            sqlite: """
                INSERT INTO finding (\(columns))
                VALUES (
                    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
                ON CONFLICT (id_hash) \(action)
                """,
            postgreSQL: """
                INSERT INTO finding (\(columns))
                SELECT given.id_hash, known.account_region, known.number, given.kind, given.subject_hash,
                    given.created_at, given.updated_at, given.event_time, given.first_observed_at,
                    given.last_observed_at, given.condition, given.record_state, given.severity, given.is_sent,
                    given.digest, given.source_name, given.last_reported_at, given.last_sequence
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
                    AS given (id_hash, origin, kind, name, subject_hash, created_at, updated_at, event_time,
                        first_observed_at, last_observed_at, condition, record_state, severity, is_sent, digest,
                        source_name, last_reported_at, last_sequence)
                    CROSS JOIN LATERAL (
                        SELECT number, account_region FROM finding_group
                        WHERE account_region = (SELECT number FROM account_region WHERE name = given.origin)
                            AND kind = given.kind AND name = given.name
                        LIMIT 1) AS known
                ON CONFLICT (id_hash) \(action)
                """)
    }

    /// Adds the texts of restored findings, and keeps existing ones. In SQLite, their row numbers are known.
    package static let restoreContent = content(onConflict: "DO NOTHING")
    /// Adds or replaces the texts of findings.
    package static let upsertContent = content(onConflict: "DO UPDATE SET content = excluded.content")

    private static func content(onConflict action: String) -> SQLStatement {
        SQLStatement(
            sqlite: """
                INSERT INTO finding_content (number, content) VALUES (?1, ?2) ON CONFLICT (number) \(action)
                """,
            postgreSQL: """
                INSERT INTO finding_content (number, content)
                SELECT known.number, given.content
                FROM unnest($1, $2) AS given (id_hash, content)
                    CROSS JOIN LATERAL (SELECT number FROM finding WHERE id_hash = given.id_hash LIMIT 1) AS known
                ON CONFLICT (number) \(action)
                """)
    }

    /// Records that Security Hub confirmed the state that a finding had at a time. In SQLite, of a row that is known to
    /// have that state.
    package static let sent = SQLStatement(
        sqlite: "UPDATE finding SET is_sent = 1 WHERE number = ?1",
        postgreSQL: """
            UPDATE finding SET is_sent = 1 FROM unnest($1, $2) AS given (id_hash, updated_at)
            WHERE finding.id_hash = given.id_hash AND finding.updated_at = given.updated_at
            """)

    /// Records reports that change nothing else.
    package static let report = SQLStatement(
        sqlite: """
            UPDATE finding SET event_time = ?2, last_observed_at = ?3, last_reported_at = ?4, last_sequence = ?5
            WHERE id_hash = ?1
            """,
        postgreSQL: """
            UPDATE finding SET event_time = given.event_time, last_observed_at = given.last_observed_at,
                last_reported_at = given.last_reported_at, last_sequence = given.last_sequence
            FROM unnest($1, $2, $3, $4, $5)
                AS given (id_hash, event_time, last_observed_at, last_reported_at, last_sequence)
            WHERE finding.id_hash = given.id_hash
            """)

    /// Deletes findings.
    package static let delete = SQLStatement(
        sqlite: "DELETE FROM finding WHERE id_hash = ?1",
        postgreSQL: "DELETE FROM finding WHERE id_hash = ANY ($1)")

    /// Forgets the digests of the findings about subjects: what their sources report must be evaluated again.
    package static let forgetDigests = SQLStatement(
        sqlite: "UPDATE finding SET digest = NULL WHERE subject_hash = ?1 AND digest IS NOT NULL",
        postgreSQL: "UPDATE finding SET digest = NULL WHERE subject_hash = ANY ($1) AND digest IS NOT NULL")

    /// Sets the audit whose list of findings is being imported.
    package static let setListing = SQLStatement(
        """
        INSERT INTO account_region (name, listing) VALUES (:origin, :listing)
        ON CONFLICT (name) DO UPDATE SET listing = excluded.listing
        """)

    /// Deletes archived findings that are over.
    package static let purge = SQLStatement(
        sqlite: """
            DELETE FROM finding WHERE number IN (
                SELECT number FROM finding
                WHERE account_region IN (SELECT number FROM account_region) AND record_state = 'archived'
                    AND updated_at < ?1 AND condition = 'over'
                LIMIT ?2)
            """,
        postgreSQL: """
            DELETE FROM finding WHERE number = ANY (ARRAY(
                SELECT number FROM finding
                WHERE account_region = ANY (ARRAY(SELECT number FROM account_region)) AND record_state = 'archived'
                    AND updated_at < $1 AND condition = 'over'
                LIMIT $2 FOR UPDATE SKIP LOCKED))
            """)
}
