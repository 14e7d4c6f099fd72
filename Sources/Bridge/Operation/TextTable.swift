/// Formats text in columns.
enum TextTable {
    /// Aligns rows: two spaces between columns, none after the last.
    ///
    /// - Parameters:
    ///   - rows: each with the same number of cells; control characters are escaped.
    ///   - right: the columns that are aligned right.
    static func lines(_ rows: [[String]], alignedRight right: ClosedRange<Int>) -> [String] {
        let cells = rows.map { $0.map { $0.escapingControls() } }
        let columns = cells.first?.indices ?? 0..<0
        let widths = columns.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let padded = columns.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                if right.contains(column) { return space + row[column] }
                return column == columns.last ? row[column] : row[column] + space
            }
            return padded.joined(separator: "  ")
        }
    }
}

/// Formats an age.
enum AgeText {
    /// The two largest units, for example `3d 4h`, `5m 0s` or `7s`.
    ///
    /// - Parameter milliseconds: the age; a negative one counts as 0.
    static func text(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        let units = [
            ("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60),
        ]
        let first = units.firstIndex { $0.1 > 0 } ?? units.count - 1
        return units[first...].prefix(2).map { "\($0.1)\($0.0)" }.joined(separator: " ")
    }
}
