import AWSCore
import FoundationEssentials
import GRDB

// GRDB traps where a column does not hold what it is read as. A damaged file can hold anything, so columns are read
// through these, which throw.

extension Row {
    func required<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type = Value.self) throws -> Value {
        guard let value = Value.fromDatabaseValue(try stored(index)) else { throw StoreError.unreadableRow }
        return value
    }

    func optional<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type = Value.self) throws -> Value? {
        let value = try stored(index)
        guard !value.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(value) else { throw StoreError.unreadableRow }
        return value
    }

    func bytes(_ index: Int) throws -> [UInt8] {
        [UInt8](try required(index, as: Data.self))
    }

    func value<Value: RawRepresentable<String>>(_ index: Int, of type: Value.Type = Value.self) throws -> Value {
        guard let value = Value(rawValue: try required(index)) else { throw StoreError.unreadableRow }
        return value
    }

    func origin(_ index: Int) throws -> Origin {
        guard let origin = Origin(stored: try required(index)) else { throw StoreError.unreadableRow }
        return origin
    }

    func arn(_ index: Int) throws -> ARN {
        guard let arn = ARN(try required(index, as: String.self)) else { throw StoreError.unreadableRow }
        return arn
    }

    private func stored(_ index: Int) throws -> DatabaseValue {
        guard index < count else { throw StoreError.unreadableRow }
        return self[index]
    }
}

extension StoreError {
    static let unreadableRow = StoreError(
        .corrupt, "The store holds a row that makes no sense. Keep the file, and restore it from a backup.")
}
