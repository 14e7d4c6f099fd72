/// The statements about dispositions.
package enum DispositionSQL {
    package static let columns = "subject, origin, time, due_at, keep_until, content"

    private static let insert = "INSERT INTO judgement (\(columns)) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subject)"

    package static let restore = insert + " DO NOTHING"

    package static let upsert =
        insert + """
             DO UPDATE SET
                origin = excluded.origin, time = excluded.time, due_at = excluded.due_at,
                keep_until = excluded.keep_until, content = excluded.content
            """

    package static let bySubject = "SELECT \(columns) FROM judgement WHERE subject = ?"

    package static let ofAccountRegion = """
        SELECT \(columns) FROM judgement WHERE origin = ? AND subject > ? ORDER BY subject LIMIT ?
        """

    package static let due = "SELECT \(columns) FROM judgement WHERE due_at <= ? ORDER BY due_at LIMIT ?"

    package static let purge = """
        DELETE FROM judgement WHERE rowid IN (
            SELECT rowid FROM judgement
            WHERE keep_until <= ? AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.subject = judgement.subject)
            ORDER BY keep_until LIMIT ?)
        """
}
