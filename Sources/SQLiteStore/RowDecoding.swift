import FoundationEssentials
import GRDB
import Store

// GRDB traps if a column contains another type. A damaged file can contain anything, so columns are read
// through these, which throw.

extension Row: StoredRow {
    func required<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type = Value.self) throws -> Value {
        guard let value = try optional(index, as: Value.self) else { throw StoreError.unreadableRow }
        return value
    }

    func optional<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type = Value.self) throws -> Value? {
        guard index < count else { throw StoreError.unreadableRow }
        let value: DatabaseValue = self[index]
        guard !value.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(value) else { throw StoreError.unreadableRow }
        return value
    }

    func optionalInteger(_ column: Int) throws -> Int64? { try optional(column) }

    func optionalText(_ column: Int) throws -> String? { try optional(column) }

    func bytes(_ column: Int) throws -> [UInt8] { [UInt8](try required(column, as: Data.self)) }

    func flag(_ column: Int) throws -> Bool { try required(column) }
}
