package import AWSCore
package import Encoding

/// A row of a result, read by column name and without trust: a damaged row can contain anything.
///
/// All members throw ``StoreError/Code/corrupt`` for a missing column or a value of another type.
package protocol StoredRow {
    /// A number; nil for NULL.
    func optionalInteger(_ column: String) throws -> Int64?
    /// A text; nil for NULL.
    func optionalText(_ column: String) throws -> String?
    /// Bytes; nil for NULL.
    func optionalBytes(_ column: String) throws -> [UInt8]?
    /// A Boolean, which some tables store as 0 or 1.
    func flag(_ column: String) throws -> Bool
}

extension StoredRow {
    /// Bytes.
    package func bytes(_ column: String) throws -> [UInt8] {
        guard let value = try optionalBytes(column) else { throw StoreError.unreadableRow }
        return value
    }

    /// A number.
    package func integer(_ column: String) throws -> Int64 {
        guard let value = try optionalInteger(column) else { throw StoreError.unreadableRow }
        return value
    }

    /// A point in time; one out of range is clamped, so that a row with it stays usable.
    package func timestamp(_ column: String) throws -> Timestamp {
        Timestamp(milliseconds: try integer(column))
    }

    /// A point in time, see ``timestamp(_:)``; nil for NULL.
    package func optionalTimestamp(_ column: String) throws -> Timestamp? {
        try optionalInteger(column).map(Timestamp.init(milliseconds:))
    }

    /// A number that fits into `Int`.
    package func count(_ column: String) throws -> Int {
        guard let value = Int(exactly: try integer(column)) else { throw StoreError.unreadableRow }
        return value
    }

    /// A text.
    package func text(_ column: String) throws -> String {
        guard let value = try optionalText(column) else { throw StoreError.unreadableRow }
        return value
    }

    /// A value by its stored word; an unknown word is rejected.
    package func value<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
        guard let value = Value(rawValue: try text(column)) else { throw StoreError.unreadableRow }
        return value
    }

    /// A value by its stored word; nil for NULL.
    package func optionalValue<Value: RawRepresentable<String>>(_ column: String) throws -> Value? {
        try optionalText(column) == nil ? nil : value(column)
    }

    /// An account-Region.
    package func accountRegion(_ column: String) throws -> AccountRegion {
        guard let accountRegion = AccountRegion(stored: try text(column)) else { throw StoreError.unreadableRow }
        return accountRegion
    }

    /// A lane.
    package func lane(_ column: String) throws -> DeliveryLane {
        guard let lane = DeliveryLane(stored: try text(column)) else { throw StoreError.unreadableRow }
        return lane
    }

    /// An ARN.
    package func arn(_ column: String) throws -> ARN {
        guard let arn = ARN(try text(column)) else { throw StoreError.unreadableRow }
        return arn
    }

    /// An ARN; nil for an empty text.
    package func optionalARN(_ column: String) throws -> ARN? { try text(column).isEmpty ? nil : arn(column) }
}

extension StoreError {
    /// The error of a row that no version of the store wrote.
    package static let unreadableRow = StoreError(
        .corrupt, "The store contains an invalid row. Keep the damaged store, and restore it from a backup.")
}
