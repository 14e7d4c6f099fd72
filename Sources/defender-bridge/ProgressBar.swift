import Glibc
import Synchronization

/// Shows the progress of a long-running command on standard output: a bar on a terminal, otherwise occasional lines.
final class ProgressBar: Sendable {
    private struct State {
        var lastLine: (text: String, at: ContinuousClock.Instant)?
        var isOpen = false
    }

    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let state = Mutex(State())

    private static let width = 30
    /// The shortest time between two lines if standard output is not a terminal, to keep logs short.
    private static let lineInterval = Duration.seconds(10)

    /// Updates the bar and its text.
    ///
    /// - Parameter share: the completed share, from 0 to 1.
    func show(_ text: String, share: Double) {
        state.withLock { state in
            if isTerminal {
                write("\r\u{1B}[K\(Self.bar(share)) \(text)")
                state.isOpen = true
                return
            }
            let now = ContinuousClock.now
            if let last = state.lastLine, last.text == text || now - last.at < Self.lineInterval { return }
            state.lastLine = (text, now)
            write(text + "\n")
        }
    }

    /// Prints a line that stays, in place of the bar.
    func printLine(_ text: String) {
        state.withLock { state in
            write((state.isOpen ? "\r\u{1B}[K" : "") + text + "\n")
            state.isOpen = false
        }
    }

    /// Leaves the bar as it is, and starts a new line.
    func end() {
        state.withLock { state in
            if state.isOpen { write("\n") }
            state.isOpen = false
        }
    }

    private static func bar(_ share: Double) -> String {
        let full = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
    }

    private func write(_ text: String) { StandardStream.write(text, to: STDOUT_FILENO) }
}
