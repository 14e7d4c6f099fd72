import Telemetry

/// Formats text in columns.
package enum TextTable {
    /// Aligns rows: two spaces between columns, none after the last.
    ///
    /// - Parameters:
    ///   - rows: each with the same number of cells; control characters are escaped.
    ///   - right: the columns that are aligned right; nil for none.
    package static func lines(_ rows: [[String]], alignedRight right: ClosedRange<Int>? = nil) -> [String] {
        let cells = rows.map { $0.map { $0.escapingControls() } }
        let columns = cells.first?.indices ?? 0..<0
        let widths = columns.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let padded = columns.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                if right?.contains(column) == true { return space + row[column] }
                return column == columns.last ? row[column] : row[column] + space
            }
            return padded.joined(separator: "  ")
        }
    }
}
