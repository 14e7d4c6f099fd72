/// The problems found in a store, up to a limit.
package struct IntegrityReport: Sendable {
    /// The maximum number of reported problems.
    package static let limit = 100
    /// The maximum length of a reported row name, in characters.
    private static let nameLength = 300

    /// The problems found, in order.
    package private(set) var all: [String] = []
    /// Whether the limit is reached, so that the check can end.
    package private(set) var isFull = false

    /// Creates an empty report.
    package init() {}

    /// Adds a problem, unless the report is full.
    package mutating func add(_ problem: String) {
        guard !isFull else { return }
        guard all.count < Self.limit else {
            isFull = true
            all.append("There are more than \(Self.limit) problems; the others are not listed.")
            return
        }
        all.append(problem)
    }

    /// The name of a row, which can contain anything, in a form that is safe to print.
    package static func quoted(_ name: String) -> String {
        let visible = name.unicodeScalars.prefix(nameLength).map { $0.properties.isGraphic ? String($0) : "�" }
        return "\"\(visible.joined())\""
    }
}

extension Unicode.Scalar.Properties {
    /// Whether it is visible on a terminal and does not move the cursor.
    fileprivate var isGraphic: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
