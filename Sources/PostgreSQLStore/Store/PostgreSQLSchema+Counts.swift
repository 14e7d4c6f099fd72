/// The numbers of findings, which triggers keep.
extension PostgreSQLSchema {
    /// The columns that findings are counted by, and the expressions that select them from findings.
    private typealias Columns = KeyValuePairs<String, String>

    private static let severityColumns: Columns = [
        "account_region": "account_region", "severity": "coalesce(severity, '') AS severity",
        "record_state": "record_state", "is_sent": "is_sent",
    ]
    private static let sourceColumns: Columns = [
        "account_region": "account_region", "kind": "kind", "source_name": "coalesce(source_name, '') AS source_name",
        "severity": "coalesce(severity, '') AS severity", "record_state": "record_state", "is_sent": "is_sent",
    ]

    /// The numbers by severity.
    static let findingCount = """
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

    /// The numbers by kind, source and severity: the triggers call the replaced functions. Replicas of the previous
    /// version only read the numbers, by the columns that stay. No finding is written while they are counted.
    static let countingSources = """
        LOCK TABLE finding IN SHARE ROW EXCLUSIVE MODE;

        DELETE FROM finding_count;
        ALTER TABLE finding_count ADD COLUMN kind text COLLATE "C" NOT NULL,
            ADD COLUMN source_name text COLLATE "C" NOT NULL, DROP CONSTRAINT finding_count_pkey,
            ADD PRIMARY KEY (account_region, kind, source_name, severity, record_state, is_sent);

        INSERT INTO finding_count (account_region, kind, source_name, severity, record_state, is_sent, count)
            SELECT account_region, kind, coalesce(source_name, ''), coalesce(severity, ''), record_state, is_sent, count(*)
            FROM finding
            GROUP BY account_region, kind, coalesce(source_name, ''), coalesce(severity, ''), record_state, is_sent;

        \(function("CREATE OR REPLACE FUNCTION", "count_added_findings", ["added": 1], by: sourceColumns))

        \(function("CREATE OR REPLACE FUNCTION", "count_deleted_findings", ["deleted": -1], by: sourceColumns))

        \(function(
            "CREATE OR REPLACE FUNCTION", "count_changed_findings", ["added": 1, "deleted": -1], by: sourceColumns))
        """

    /// A trigger that applies what a statement changes in the numbers of findings, and its function.
    ///
    /// The function of a trigger is named with its schema, because functions are not found in the schema of temporary
    /// tables.
    ///
    /// - Parameter tables: the sign of the rows of each transition table.
    private static func counting(
        after event: String, _ name: String, _ transition: String, _ tables: KeyValuePairs<String, Int>
    ) -> String {
        """
        \(function("CREATE FUNCTION", name, tables, by: severityColumns))

        DO $block$ BEGIN
            EXECUTE format(
                'CREATE TRIGGER \(name) AFTER \(event) ON finding REFERENCING \(transition)
                    EXECUTE FUNCTION %I.\(name)()', current_schema());
        END $block$;
        """
    }

    /// The function of a trigger.
    ///
    /// Transactions that change findings of the same account-Region wait for each other at its row: with several
    /// statements each, they would otherwise lock the numbers in different orders, and deadlock.
    private static func function(
        _ create: String, _ name: String, _ tables: KeyValuePairs<String, Int>, by columns: Columns
    ) -> String {
        let locked = tables.map { "SELECT account_region FROM \($0.key)" }.joined(separator: " UNION ")
        let names = columns.map(\.key).joined(separator: ", ")
        let selected = columns.map(\.value).joined(separator: ", ")
        let changes = tables.map {
            """
            SELECT \(selected), \($0.value) AS change
                        FROM \($0.key)
            """
        }
        return """
            \(create) \(name)() RETURNS trigger LANGUAGE plpgsql AS $function$
            BEGIN
                IF NOT EXISTS (SELECT FROM \(tables[0].key)) THEN RETURN NULL; END IF;
                PERFORM FROM account_region WHERE number IN (\(locked)) ORDER BY number FOR NO KEY UPDATE;
                INSERT INTO finding_count AS known (\(names), count)
                SELECT \(names), sum(change) FROM (
                    \(changes.joined(separator: "\n            UNION ALL "))) AS changes
                GROUP BY \(names) HAVING sum(change) <> 0
                ORDER BY \(names)
                ON CONFLICT (\(names))
                    DO UPDATE SET count = known.count + excluded.count;
                RETURN NULL;
            END $function$;
            """
    }
}
