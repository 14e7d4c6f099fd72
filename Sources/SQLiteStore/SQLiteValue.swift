import GRDB
import GRDBSQLite

/// A value of a statement's parameter.
protocol SQLiteValue: Sendable {
    /// Binds a copy of the value.
    ///
    /// - Returns: SQLite's result code.
    func bind(to parameter: Int32, of statement: SQLiteStatement) -> Int32
}

/// The values of a statement's parameters; nil for NULL.
typealias SQLiteArguments = [(any SQLiteValue)?]

extension Int64: SQLiteValue {
    func bind(to parameter: Int32, of statement: SQLiteStatement) -> Int32 {
        sqlite3_bind_int64(statement, parameter, self)
    }
}

extension Int: SQLiteValue {
    func bind(to parameter: Int32, of statement: SQLiteStatement) -> Int32 {
        Int64(self).bind(to: parameter, of: statement)
    }
}

extension Bool: SQLiteValue {
    func bind(to parameter: Int32, of statement: SQLiteStatement) -> Int32 {
        sqlite3_bind_int64(statement, parameter, self ? 1 : 0)
    }
}

extension String: SQLiteValue {
    func bind(to parameter: Int32, of statement: SQLiteStatement) -> Int32 {
        var text = self
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text64(
                    statement, parameter, $0.baseAddress, sqlite3_uint64($0.count), copying, UInt8(SQLITE_UTF8))
            }
        }
    }
}

extension [UInt8]: SQLiteValue {
    func bind(to parameter: Int32, of statement: SQLiteStatement) -> Int32 {
        // A null pointer would bind NULL.
        guard !isEmpty else { return sqlite3_bind_zeroblob(statement, parameter, 0) }
        return withUnsafeBytes {
            sqlite3_bind_blob64(statement, parameter, $0.baseAddress, sqlite3_uint64($0.count), copying)
        }
    }
}

/// Makes SQLite copy the bound value: `SQLITE_TRANSIENT`, which Swift does not import.
private var copying: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
