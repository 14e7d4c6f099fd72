/// Text in columns.
enum TextTable {
    /// Lines up rows: two spaces between columns, none behind the last.
    ///
    /// - Parameters:
    ///   - rows: as many cells in each; what could steer a terminal is escaped.
    ///   - right: the columns that are numbers.
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

/// An age in words.
enum AgeText {
    /// The two largest units, like `3d 4h`, `5m 0s` or `7s`.
    ///
    /// - Parameter milliseconds: the age; what is negative is no age.
    static func text(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        let units = [
            ("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60),
        ]
        let first = units.firstIndex { $0.1 > 0 } ?? units.count - 1
        return units[first...].prefix(2).map { "\($0.1)\($0.0)" }.joined(separator: " ")
    }
}
