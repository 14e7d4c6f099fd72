/// The statements about dispositions.
package enum DispositionSQL {
    /// The columns, in the order in which values are written.
    package static let columns = "subject, origin, time, due_at, keep_until, content"

    private static let overwrite = """
        DO UPDATE SET
            origin = excluded.origin, time = excluded.time, due_at = excluded.due_at,
            keep_until = excluded.keep_until, content = excluded.content
        """

    /// Adds dispositions, and keeps existing ones.
    package static let restore = insert(onConflict: "DO NOTHING")
    /// Adds or replaces dispositions.
    package static let upsert = insert(onConflict: overwrite)

    private static func insert(onConflict action: String) -> SQLStatement {
        SQLStatement(
            sqlite: """
                INSERT INTO judgement (\(columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (subject) \(action)
                """,
            postgreSQL: """
                INSERT INTO judgement (\(columns)) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
                ON CONFLICT (subject) \(action)
                """)
    }

    /// The dispositions of some subjects.
    package static let bySubject = SQLStatement(
        sqlite: "SELECT \(columns) FROM judgement WHERE subject = ?1",
        postgreSQL: "SELECT \(columns) FROM judgement WHERE subject = ANY ($1)")

    /// The dispositions of an account-Region, after a subject.
    package static let ofAccountRegion = SQLStatement(
        """
        SELECT \(columns) FROM judgement WHERE origin = :origin AND subject > :subject ORDER BY subject LIMIT :limit
        """)

    /// The dispositions that are due.
    package static let due = SQLStatement(
        "SELECT \(columns) FROM judgement WHERE due_at <= :time ORDER BY due_at LIMIT :limit")

    /// Deletes expired dispositions that concern no finding in the ledger.
    package static let purge = SQLStatement(
        sqlite: """
            DELETE FROM judgement WHERE rowid IN (
                SELECT rowid FROM judgement
                WHERE keep_until <= ?1 AND NOT EXISTS (
                    SELECT 1 FROM finding WHERE finding.subject_hash = text_hash(judgement.subject))
                ORDER BY keep_until LIMIT ?2)
            """,
        postgreSQL: """
            DELETE FROM judgement WHERE subject = ANY (ARRAY(
                SELECT subject FROM judgement
                WHERE keep_until <= $1 AND NOT EXISTS (
                    SELECT 1 FROM finding
                    WHERE finding.subject_hash = substr(sha256(convert_to(judgement.subject, 'UTF8')), 1, 16))
                ORDER BY keep_until LIMIT $2 FOR UPDATE SKIP LOCKED))
            """)
}
