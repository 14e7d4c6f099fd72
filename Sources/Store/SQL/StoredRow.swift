package import AWSCore

/// A row of a result, read by column name and without trust: a damaged row can contain anything.
///
/// All members throw ``StoreError/Code/corrupt`` for a missing column or a value of another type.
package protocol StoredRow {
    /// A number; nil for NULL.
    func optionalInteger(_ column: String) throws -> Int64?
    /// A text; nil for NULL.
    func optionalText(_ column: String) throws -> String?
    /// Bytes.
    func bytes(_ column: String) throws -> [UInt8]
    /// A Boolean, which some tables store as 0 or 1.
    func flag(_ column: String) throws -> Bool
}

extension StoredRow {
    package func integer(_ column: String) throws -> Int64 {
        guard let value = try optionalInteger(column) else { throw StoreError.unreadableRow }
        return value
    }

    package func count(_ column: String) throws -> Int {
        guard let value = Int(exactly: try integer(column)) else { throw StoreError.unreadableRow }
        return value
    }

    package func text(_ column: String) throws -> String {
        guard let value = try optionalText(column) else { throw StoreError.unreadableRow }
        return value
    }

    package func value<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
        guard let value = Value(rawValue: try text(column)) else { throw StoreError.unreadableRow }
        return value
    }

    package func optionalValue<Value: RawRepresentable<String>>(_ column: String) throws -> Value? {
        try optionalText(column) == nil ? nil : value(column)
    }

    package func accountRegion(_ column: String) throws -> AccountRegion {
        guard let accountRegion = AccountRegion(stored: try text(column)) else { throw StoreError.unreadableRow }
        return accountRegion
    }

    package func arn(_ column: String) throws -> ARN {
        guard let arn = ARN(try text(column)) else { throw StoreError.unreadableRow }
        return arn
    }

    /// An ARN; nil for an empty text.
    package func optionalARN(_ column: String) throws -> ARN? { try text(column).isEmpty ? nil : arn(column) }
}

extension StoreError {
    package static let unreadableRow = StoreError(
        .corrupt, "The store contains an invalid row. Keep the damaged store, and restore it from a backup.")
}
