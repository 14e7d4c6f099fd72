/// The format of log lines.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// Lines for a terminal.
    case text
    /// One JSON object per line.
    case json
}
