import CLibpq
import Store

/// The result of a statement, in PostgreSQL's binary format.
///
/// `@unchecked Sendable`: the result is never changed, and libpq then allows any number of threads to read it
/// (PostgreSQL documentation, section 34.20, "Behavior in Threaded Programs").
final class PostgreSQLRows: @unchecked Sendable {
    private let result: OpaquePointer
    /// The columns' positions by name.
    private let positions: [String: CInt]

    /// Takes ownership of a libpq result.
    init(_ result: OpaquePointer) {
        self.result = result
        let names = (0..<PQnfields(result)).map { (Self.text(PQfname(result, $0)) ?? "", $0) }
        positions = Dictionary(names) { first, _ in first }
    }

    deinit { PQclear(result) }

    /// Why the statement failed; nil if it succeeded.
    var failure: PostgreSQLError? {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default:
            PostgreSQLError(
                state: Self.text(PQresultErrorField(result, CInt(UInt8(ascii: "C")))),
                // The primary message: the detail would hold values.
                message: Self.text(PQresultErrorField(result, CInt(UInt8(ascii: "M"))))
                    ?? Self.text(PQresultErrorMessage(result)) ?? "no message")
        }
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }
    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

    /// The number of changed rows.
    var changeCount: Int { Self.text(PQcmdTuples(result)).flatMap { Int($0) } ?? 0 }

    /// The rows.
    var rows: some RandomAccessCollection<PostgreSQLRow> {
        (0..<PQntuples(result)).lazy.map { PostgreSQLRow(rows: self, index: $0) }
    }

    /// The bytes of a value; nil for NULL.
    fileprivate func field(_ row: CInt, _ name: String) throws -> UnsafeBufferPointer<UInt8>? {
        guard let column = positions[name] else { throw StoreError.unreadableRow }
        guard PQgetisnull(result, row, column) == 0 else { return nil }
        let count = Int(PQgetlength(result, row, column))
        let start = UnsafeRawPointer(PQgetvalue(result, row, column))?.assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: count)
    }
}

/// A row of a result.
struct PostgreSQLRow: StoredRow {
    fileprivate let rows: PostgreSQLRows
    fileprivate let index: CInt

    private func field(_ column: String) throws -> UnsafeBufferPointer<UInt8>? { try rows.field(index, column) }

    func optionalInteger(_ column: String) throws -> Int64? {
        guard let field = try field(column) else { return nil }
        guard field.count == 8 else { throw StoreError.unreadableRow }
        return field.reduce(0) { $0 << 8 | Int64($1) }
    }

    func optionalText(_ column: String) throws -> String? {
        guard let field = try field(column) else { return nil }
        guard let text = String(validating: field, as: UTF8.self) else { throw StoreError.unreadableRow }
        return text
    }

    func optionalBytes(_ column: String) throws -> [UInt8]? { try field(column).map { Array($0) } }

    func flag(_ column: String) throws -> Bool {
        // A Boolean, or a number in tables that are the same as SQLite's.
        guard let field = try field(column), [1, 8].contains(field.count), let byte = field.last else {
            throw StoreError.unreadableRow
        }
        return byte != 0
    }
}
