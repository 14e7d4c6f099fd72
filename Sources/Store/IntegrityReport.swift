/// What is wrong with a store, in words, as far as it fits.
struct IntegrityReport: Sendable {
    /// The most problems that are told.
    static let limit = 100
    /// The longest name of a row that is told, in characters.
    private static let nameLength = 300

    /// The problems found, in order.
    private(set) var all: [String] = []
    /// Whether there is no room for more, so that it is no use to look on.
    private(set) var isFull = false

    mutating func add(_ problem: String) {
        guard !isFull else { return }
        guard all.count < Self.limit else {
            isFull = true
            all.append("There are more problems than these \(Self.limit).")
            return
        }
        all.append(problem)
    }

    /// The name of a row, which may be anything, as it is shown.
    static func quoted(_ name: String) -> String {
        let visible = name.unicodeScalars.prefix(nameLength).map { $0.properties.isGraphic ? String($0) : "�" }
        return "\"\(visible.joined())\""
    }
}

extension Unicode.Scalar.Properties {
    /// Whether it shows as something on a terminal, and moves nothing there.
    fileprivate var isGraphic: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
