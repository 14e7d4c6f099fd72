/// Why a mapping has no result for an item. The item becomes a dead letter.
package struct MappingFailure: Error, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Reason: Sendable {
        /// The item lacks what the mapping requires, or it is no message of the format that the mapping decodes.
        case notUnderstood
        /// The item names another account or Region than that which its transport proves.
        case wrongAccount
    }

    /// The kind of failure.
    package let reason: Reason
    /// The key of the mapping that has no result.
    package let key: MappingKey
    /// The problem and its fix, without any value of the item.
    package let problem: String

    init(_ reason: Reason, key: MappingKey, problem: String) {
        self.reason = reason
        self.key = key
        self.problem = problem
    }

    init(_ error: ItemError, key: MappingKey) { self.init(.notUnderstood, key: key, problem: error.description) }

    /// The key, the problem and its fix, in one line.
    package var description: String { "\(key.rawValue): \(problem)" }
}
