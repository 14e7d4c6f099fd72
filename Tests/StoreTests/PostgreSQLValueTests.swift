import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Values round-trip through PostgreSQL.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"))
struct PostgreSQLValueTests {
    private func echo<Value: Sendable>(
        _ sql: String, _ values: [PostgreSQLValue], _ read: @escaping @Sendable (PostgreSQLRow) throws -> Value
    ) async throws -> [Value] {
        var result: [Value] = []
        try await withDatabase { url in
            try await withStore(url) { store in
                result = try await store.read(sql, values) { try $0.rows.map { try read($0) } }
            }
        }
        return result
    }

    @Test func scalarsRoundTrip() async throws {
        let row = try await echo(
            "SELECT $1, $2, $3, $4, $5, $6",
            [.integer(Int64.min), .text("é\u{1F600}"), .bytes([0, 255, 0]), .flag(true), .text(nil), .bytes([])]
        ) { row in
            (
                try row.integer(0), try row.text(1), try row.bytes(2), try row.flag(3), try row.optionalText(4),
                try row.bytes(5)
            )
        }
        let only = try #require(row.first)
        #expect(only == (Int64.min, "é\u{1F600}", [0, 255, 0], true, nil, []))
    }

    @Test func arraysRoundTripWithNulls() async throws {
        let rows = try await echo(
            "SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY",
            [
                .integers([1, nil, Int64.max]), .texts(["a", "", nil] as [String?]), .byteStrings([[1], [], nil]),
                .flags([true, false, true]),
            ]
        ) { row in
            [
                try row.optionalInteger(0).map { "\($0)" }, try row.optionalText(1),
                (try? row.bytes(2)).map { "\($0)" }, "\(try row.flag(3))", "\(try row.integer(4))",
            ]
        }
        #expect(
            rows == [
                ["1", "a", "[1]", "true", "1"], [nil, "", "[]", "false", "2"],
                ["9223372036854775807", nil, nil, "true", "3"],
            ])
    }

    @Test func anEmptyArrayHasNoElements() async throws {
        let rows = try await echo("SELECT unnest($1)", [.texts([String]())]) { try $0.text(0) }
        #expect(rows == [])
    }

    @Test(arguments: [
        ("SELECT ?, ?2, ? FROM t", "SELECT $1, $2, $2 FROM t"), ("SELECT ?1 + ?1", "SELECT $1 + $1"),
        ("SELECT 1", "SELECT 1"),
    ])
    func parametersAreNumbered(sql: String, numbered: String) { #expect(sql.numbered == numbered) }

    @Test func anInsertionBecomesOneOfManyRows() {
        #expect(
            "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) DO NOTHING".ofMany
                == "INSERT INTO t (a, b) SELECT * FROM unnest($1, $2) ON CONFLICT (a) DO NOTHING")
    }
}
