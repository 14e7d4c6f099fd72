/// A text in which `*` stands for any number of characters, also none; `\*` and `\\` stand for `*` and `\`.
struct WildcardPattern: Sendable {
    /// Why a text is not a wildcard pattern.
    enum Problem: Error {
        /// Two wildcards in sequence, at a byte offset.
        case consecutiveWildcards(Int)
        /// A backslash before another character, or at the end, at a byte offset.
        case invalidEscape(Int)
    }

    /// The literal texts between the wildcards; one if there is no wildcard.
    private let literals: [[UInt8]]

    init(_ text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        var literals: [[UInt8]] = [[]]
        var index = 0
        while index < bytes.count {
            let next = index + 1 < bytes.count ? bytes[index + 1] : nil
            switch bytes[index] {
            case UInt8(ascii: "*"):
                guard next != UInt8(ascii: "*") else { throw .consecutiveWildcards(index) }
                literals.append([])
            case UInt8(ascii: "\\"):
                guard let next, next == UInt8(ascii: "*") || next == UInt8(ascii: "\\") else {
                    throw .invalidEscape(index)
                }
                literals[literals.count - 1].append(next)
                index += 1
            default: literals[literals.count - 1].append(bytes[index])
            }
            index += 1
        }
        self.literals = literals
    }

    /// Cost: text × pattern.
    func matches(_ text: Span<UInt8>) -> Bool {
        let (first, last) = (literals[0], literals[literals.count - 1])
        guard literals.count > 1 else { return text.count == first.count && text.starts(with: first) }
        guard first.count + last.count <= text.count, text.starts(with: first), text.ends(with: last) else {
            return false
        }
        let end = text.count - last.count
        var position = first.count
        // The leftmost place of each literal leaves the most text for the others.
        for literal in literals[1..<literals.count - 1] {
            while position + literal.count <= end, !text.has(literal, at: position) { position += 1 }
            guard position + literal.count <= end else { return false }
            position += literal.count
        }
        return true
    }
}
