/// Why a text is not a message in CEF, and what to do.
package struct CEFError: Error, CustomStringConvertible {
    /// The position of the error in the text: 1 is its first Unicode scalar.
    package let column: Int
    /// Why the text was rejected, and what to do: `<why>. <what to do>.` It contains nothing of the text.
    package let message: String

    /// The error in one line.
    package var description: String { "Invalid CEF message at column \(column): \(message)" }

    /// Makes an error at an offset in a text.
    init(_ message: String, at offset: Int, in text: [UInt8]) {
        // Every Unicode scalar has one byte that does not continue another one.
        column = text.prefix(offset).count { $0 & 0xC0 != 0x80 } + 1
        self.message = message
    }
}
