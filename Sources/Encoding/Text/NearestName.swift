/// Suggestions for misspelled names.
package enum NearestName {
    /// The maximum length of a name that is compared, in bytes.
    private static let maximumLength = 64

    /// The known name that a name is probably a misspelling of; the first of several equally near ones, or nil.
    ///
    /// Names differ by letter case only, or by at most two edits, and one in a short name: a character added, removed
    /// or changed, or two neighbors swapped.
    package static func of(_ name: String, among known: some Sequence<String>) -> String? {
        guard name.utf8.count <= maximumLength else { return nil }
        let bytes = lowercased(name)
        let allowed = bytes.count < 4 ? 1 : 2
        var nearest: (name: String, distance: Int)?
        for candidate in known where candidate.utf8.count <= maximumLength {
            let distance = distance(bytes, lowercased(candidate))
            if distance <= allowed, distance < nearest?.distance ?? .max { nearest = (candidate, distance) }
        }
        return nearest?.name
    }

    private static func lowercased(_ name: String) -> [UInt8] {
        name.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
    }

    /// The optimal string alignment distance, by rows of the usual table.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(last[column + 1] + 1, current[column] + 1, last[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
