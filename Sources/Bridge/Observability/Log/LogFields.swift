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

        /// A field whose value is cut to what a line may say: whatever a client, a sender or AWS wrote comes through here.
        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value.utf8.count <= Self.limit ? value : Self.cut(value, to: Self.limit(of: name))
        }

        /// A field as it is.
        init(name: String, whole value: String) {
            self.name = name
            self.value = value
        }

        /// The longest value, in bytes.
        static let limit = 200
        /// The longest reason or command, in bytes: a reason says what to do after what AWS said, and a command is to be run.
        static let longLimit = 2048

        private static func limit(of name: String) -> Int {
            name == LogMetadataKey.reason || name == LogMetadataKey.command ? longLimit : limit
        }

        /// The beginning of a text, in whole characters of UTF-8, with a mark that something is missing.
        static func cut(_ text: String, to limit: Int) -> String {
            guard text.utf8.count > limit else { return text }
            let mark = "…"
            var end = text.utf8.index(text.startIndex, offsetBy: limit - mark.utf8.count)
            while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
            return String(text.unicodeScalars[..<end]) + mark
        }
    }

    /// What lines have in common of which only some are written in a minute; see ``RepeatedLineLimiter``.
    struct Group: Sendable, Hashable {
        /// A word for what they say.
        let code: String
        /// Whom they are about; nil for all together.
        let peer: String?
    }

    /// Nil for a line that is written however many come.
    var group: Group?

    private(set) var all: [Field] = []

    init(capacity: Int) { all.reserveCapacity(capacity) }

    mutating func add(_ name: String, _ value: String) { all.append(Field(name, value)) }

    mutating func add(_ more: [(name: String, value: String)]) {
        for (name, value) in more { add(name, value) }
    }

    /// For other handlers of the log.
    var description: String { all.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}
