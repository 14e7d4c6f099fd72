/// The statements about the completeness of the ledger.
package enum RebuildingSQL {
    /// The account-Regions whose ledger is complete.
    package static let accountRegions = SQLStatement("SELECT origin FROM ledger_origin ORDER BY origin")

    /// Marks a ledger as complete.
    package static let finish = SQLStatement(
        """
        INSERT INTO ledger_origin (origin, completed_at) VALUES (:origin, :completed_at)
        ON CONFLICT (origin) DO NOTHING
        """)

    /// Marks a ledger as incomplete.
    package static let unfinish = SQLStatement("DELETE FROM ledger_origin WHERE origin = :origin")

    /// Deletes findings of an account-Region.
    package static let clear = SQLStatement(
        sqlite: """
            DELETE FROM finding WHERE number IN (
                SELECT number FROM finding WHERE account_region = (SELECT number FROM account_region WHERE name = ?1)
                LIMIT ?2)
            """,
        postgreSQL: """
            DELETE FROM finding WHERE number = ANY (ARRAY(
                SELECT number FROM finding WHERE account_region = (SELECT number FROM account_region WHERE name = $1)
                LIMIT $2))
            """)
}
