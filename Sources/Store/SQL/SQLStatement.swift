/// One statement in the SQL of both engines.
///
/// Values are bound to `:name` parameters in the order of their first occurrence, and to `?1` and `$1` by number.
/// Results are read by column name. A statement that writes several rows takes the values of one row in SQLite, which
/// runs it once for each row; in PostgreSQL it takes an array for each parameter.
package struct SQLStatement: Sendable, Hashable {
    /// The statement for SQLite.
    package let sqlite: String
    /// The statement for PostgreSQL.
    package let postgreSQL: String

    /// A statement that the engines spell differently.
    package init(sqlite: String, postgreSQL: String) {
        self.sqlite = sqlite
        self.postgreSQL = postgreSQL
    }

    /// A statement that both engines understand, with parameters named `:name`.
    package init(_ text: String) {
        self.init(sqlite: text, postgreSQL: Self.numbered(text))
    }

    /// The text with `$1`, `$2` and so on for its `:name` parameters, numbered in the order of their first occurrence.
    ///
    /// - Parameter text: must contain no other colon.
    package static func numbered(_ text: String) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var names: [Substring] = []
        return parts.dropFirst().reduce(into: String(parts[0])) { result, part in
            let name = part.prefix { $0.isLetter || $0 == "_" }
            precondition(!name.isEmpty, "a colon that begins no parameter")
            if !names.contains(name) { names.append(name) }
            let number = (names.firstIndex(of: name) ?? 0) + 1
            result += "$\(number)\(part.dropFirst(name.count))"
        }
    }
}
