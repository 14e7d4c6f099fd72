import Store

/// Converts statements of the SQLite store for PostgreSQL, where both stores use the same.
extension String {
    /// The statement with its parameters written `$1` instead of `?1`, or instead of the first `?`.
    var numbered: String {
        var result = ""
        var count = 0
        var rest = self[...]
        while let mark = rest.firstIndex(of: "?") {
            result += rest[..<mark] + "$"
            rest = rest[rest.index(after: mark)...]
            guard rest.first?.isNumber != true else { continue }
            count += 1
            result += String(count)
        }
        return result + rest
    }

    /// An insertion of one row, converted to an insertion of many rows: each parameter is an array.
    var ofMany: String {
        let parts = split(separator: /VALUES \([?, ]+\)/, maxSplits: 1)
        let count = count { $0 == "?" }
        precondition(parts.count == 2, "the statement inserts no row of parameters")
        return parts[0] + "SELECT * FROM unnest(" + (1...count).map { "$\($0)" }.joined(separator: ", ") + ")"
            + parts[1]
    }
}
