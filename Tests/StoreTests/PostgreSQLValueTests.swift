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
            "SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d, $5 AS e, $6 AS f",
            [.integer(Int64.min), .text("é\u{1F600}"), .bytes([0, 255, 0]), .flag(true), .text(nil), .bytes([])]
        ) { row in
            (
                try row.integer("a"), try row.text("b"), try row.bytes("c"), try row.flag("d"),
                try row.optionalText("e"),
                try row.bytes("f")
            )
        }
        let only = try #require(row.first)
        #expect(only == (Int64.min, "é\u{1F600}", [0, 255, 0], true, nil, []))
    }

    @Test func arraysRoundTripWithNulls() async throws {
        let rows = try await echo(
            "SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS given (a, b, c, d, e)",
            [
                .integers([1, nil, Int64.max]), .texts(["a", "", nil] as [String?]), .byteStrings([[1], [], nil]),
                .flags([true, false, true]),
            ]
        ) { row in
            [
                try row.optionalInteger("a").map { "\($0)" }, try row.optionalText("b"),
                (try? row.bytes("c")).map { "\($0)" }, "\(try row.flag("d"))", "\(try row.integer("e"))",
            ]
        }
        #expect(
            rows == [
                ["1", "a", "[1]", "true", "1"], [nil, "", "[]", "false", "2"],
                ["9223372036854775807", nil, nil, "true", "3"],
            ])
    }

    @Test func anEmptyArrayHasNoElements() async throws {
        let rows = try await echo("SELECT unnest($1) AS a", [.texts([String]())]) { try $0.text("a") }
        #expect(rows == [])
    }
}
