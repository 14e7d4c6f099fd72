/// What a line of the log says by name, in the order in which it is to be read: given as one value of a line's metadata, it
/// is written as if each were one.
///
/// Each request makes a line. A dictionary of all that it says would cost as much as to write it.
struct LogFields: Sendable, CustomStringConvertible {
    /// The name that the fields have together, which is not written.
    static let key = "fields"

    /// One thing that a line says. (An array of tuples costs more to be copied and freed.)
    struct Field: Sendable {
        let name: String
        let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    private(set) var all: [Field] = []

    init(capacity: Int) { all.reserveCapacity(capacity) }

    mutating func add(_ name: String, _ value: String) { all.append(Field(name, value)) }

    mutating func add(_ more: [(name: String, value: String)]) {
        for (name, value) in more { add(name, value) }
    }

    /// For other handlers of the log.
    var description: String { all.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}
