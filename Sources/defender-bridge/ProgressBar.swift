import Foundation
import Synchronization

/// Shows on standard output how far long work is: a bar that moves on a terminal, now and then a line elsewhere.
final class ProgressBar: Sendable {
    private struct State {
        var lastLine: (text: String, at: ContinuousClock.Instant)?
        var isOpen = false
    }

    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let state = Mutex(State())

    private static let width = 30
    /// How long elsewhere than on a terminal nothing more is said, so that a log is not filled.
    private static let pause = Duration.seconds(10)

    /// Shows how far the work is.
    ///
    /// - Parameter share: from 0 to 1.
    func show(_ text: String, share: Double) {
        state.withLock { state in
            if isTerminal {
                write("\r\u{1B}[K\(Self.bar(share)) \(text)")
                state.isOpen = true
                return
            }
            let now = ContinuousClock.now
            if let last = state.lastLine, last.text == text || now - last.at < Self.pause { return }
            state.lastLine = (text, now)
            write(text + "\n")
        }
    }

    /// Says something that stays, in place of what was shown last.
    func printLine(_ text: String) {
        state.withLock { state in
            write((state.isOpen ? "\r\u{1B}[K" : "") + text + "\n")
            state.isOpen = false
        }
    }

    /// Leaves what was shown last, and goes to the next line.
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

    private func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
}
