package import Encoding
package import SecurityFindings

/// What an item says, by the mapping of its source.
package enum ItemOutcome: Sendable, Hashable {
    /// Nothing: the mapping ignores such items.
    case ignored
    /// A finding is active or archived.
    case finding(MappedFinding)
    /// All findings of a group are archived.
    case archivesGroup(String, StateTime)
}

/// A finding with what decides its order.
package struct MappedFinding: Sendable, Hashable {
    /// The finding, whose record state is that of the item.
    package let finding: SecurityFinding
    /// The group of findings that are archived together; nil if it has none.
    package let group: String?
    /// When the state changed.
    package let time: StateTime
}

/// When a state changed.
package enum StateTime: Sendable, Hashable {
    /// The item says so.
    case stated(Timestamp)
    /// The item's time is too far after receipt, and the time of receipt replaces it. To be counted.
    case replaced(Timestamp)
    /// The mapping has no time, or the item none that is valid: the order of acceptance decides.
    case unstated

    /// The time; nil if there is none.
    package var timestamp: Timestamp? {
        switch self {
        case .stated(let time), .replaced(let time): time
        case .unstated: nil
        }
    }
}
