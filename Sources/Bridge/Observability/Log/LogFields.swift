/// What a line of the log says by name, in the order in which it is to be read: given as one value of a line's metadata, it
/// is written as if each were one.
///
/// Each request makes a line. A dictionary of all that it says would cost as much as to write it.
struct LogFields: Sendable, CustomStringConvertible {
    /// The name that the fields have together, which is not written.
    static let key = "fields"

    private(set) var all: [(name: String, value: String)] = []

    init(capacity: Int) { all.reserveCapacity(capacity) }

    mutating func add(_ name: String, _ value: String) { all.append((name, value)) }

    mutating func add(_ more: [(name: String, value: String)]) { all += more }

    /// For other handlers of the log.
    var description: String { all.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}
