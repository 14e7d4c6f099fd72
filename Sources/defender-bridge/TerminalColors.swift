import FoundationEssentials
import Glibc

/// Colors text on standard output if that is a terminal and the user has not disabled colors (https://no-color.org).
struct TerminalColors: Sendable {
    private let isOn: Bool

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let isUnwanted = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        isOn = !isUnwanted && isatty(STDOUT_FILENO) == 1
    }

    /// Green text, for success.
    func success(_ text: String) -> String { marked(text, 32) }

    /// Red text, for a failure.
    func failure(_ text: String) -> String { marked(text, 31) }

    private func marked(_ text: String, _ color: Int) -> String { isOn ? "\u{1B}[\(color)m\(text)\u{1B}[0m" : text }
}
