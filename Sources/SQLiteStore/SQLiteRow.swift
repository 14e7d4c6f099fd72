import GRDB
import GRDBSQLite
import Store

/// A row of a result whose columns are found by name.
///
/// A damaged file can contain anything: a column that contains another type than expected throws.
struct SQLiteRow: StoredRow {
    fileprivate enum Value {
        case null
        case integer(Int64)
        case text(String)
        case bytes([UInt8])
        /// A type that no table has.
        case other
    }

    private let values: [Value]
    private let names: [String]

    /// Copies the current row of a running statement.
    init(_ statement: SQLiteStatement, _ names: [String]) {
        self.names = names
        values = names.indices.map { Value(statement, Int32($0)) }
    }

    func optionalInteger(_ column: String) throws -> Int64? {
        switch try value(column) {
        case .null: nil
        case .integer(let value): value
        default: throw StoreError.unreadableRow
        }
    }

    func optionalText(_ column: String) throws -> String? {
        switch try value(column) {
        case .null: nil
        case .text(let value): value
        default: throw StoreError.unreadableRow
        }
    }

    func optionalBytes(_ column: String) throws -> [UInt8]? {
        switch try value(column) {
        case .null: nil
        case .bytes(let value): value
        default: throw StoreError.unreadableRow
        }
    }

    func flag(_ column: String) throws -> Bool { try integer(column) != 0 }

    /// All values, in the order of the columns.
    var all: [StoredValue] {
        get throws {
            try values.map { value in
                switch value {
                case .null: .null
                case .integer(let value): .integer(value)
                case .text(let value): .text(value)
                case .bytes(let value): .bytes(value)
                case .other: throw StoreError.unreadableRow
                }
            }
        }
    }

    private func value(_ column: String) throws -> Value {
        // There are few columns: comparing their names takes less time than hashing one.
        guard let place = names.firstIndex(of: column) else { throw StoreError.unreadableRow }
        return values[place]
    }
}

extension SQLiteRow.Value {
    fileprivate init(_ statement: SQLiteStatement, _ column: Int32) {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: self = .null
        case SQLITE_INTEGER: self = .integer(sqlite3_column_int64(statement, column))
        case SQLITE_TEXT:
            // The length must be asked for after the conversion to UTF-8, which the pointer requires.
            let start = sqlite3_column_text(statement, column)
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            self = .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            self = .bytes([UInt8](bytes))
        default: self = .other
        }
    }
}
