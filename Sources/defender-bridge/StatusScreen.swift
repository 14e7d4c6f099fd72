import Glibc

/// Shows texts one after the other on standard output: in place on a terminal, otherwise below each other.
struct StatusScreen {
    private let updatesInPlace: Bool

    /// - Parameter updatesInPlace: whether a text replaces the previous one on a terminal.
    init(updatesInPlace: Bool) { self.updatesInPlace = updatesInPlace && isatty(STDOUT_FILENO) == 1 }

    /// Shows lines.
    func show(_ lines: [String]) {
        guard updatesInPlace else { return write(lines.map { $0 + "\n" }.joined()) }
        // From the top left corner; each line erases the rest of the previous one, and the last one what was below.
        write("\u{1B}[H" + lines.prefix(height).map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
    }

    /// The number of lines that fit above the cursor. Longer lines than the terminal is wide still make it scroll.
    private var height: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 1 else { return .max }
        return Int(size.ws_row) - 1
    }

    private func write(_ text: String) { StandardStream.write(text, to: STDOUT_FILENO) }
}
