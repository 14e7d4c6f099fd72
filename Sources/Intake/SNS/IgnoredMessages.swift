import DeviceDefender
package import JSON
package import SourceMapping

/// The messages of `sns.topics` that are not stored: `sns.ignore`.
package struct IgnoredMessages: Sendable {
    private let patterns: [EventPattern]

    /// Creates a list.
    ///
    /// - Parameter patterns: a message that matches one of them is ignored.
    package init(_ patterns: [EventPattern] = []) { self.patterns = patterns }

    /// Whether a message is ignored. A message of Device Defender never is.
    package func contains(_ message: JSON) -> Bool {
        !DeviceDefenderMessage.isNamed(message) && patterns.contains { $0.matches(message) }
    }

    /// Whether the text of a message is ignored.
    func contains(_ text: String) -> Bool {
        // Most bridges ignore nothing, and parse messages only when they process them.
        guard !patterns.isEmpty, let message = try? JSON(parsing: text) else { return false }
        return contains(message)
    }
}
