/// A test of a string. Compares UTF-8 bytes.
enum TextTest: Sendable {
    case equals([UInt8])
    case prefix([UInt8])
    case suffix([UInt8])
    case equalsIgnoringCase(CaseFoldedText)
    case prefixIgnoringCase(CaseFoldedText)
    case suffixIgnoringCase(CaseFoldedText)
    case wildcard(WildcardPattern)

    func matches(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        return switch self {
        case .equals(let expected): bytes.count == expected.count && bytes.starts(with: expected)
        case .prefix(let prefix): bytes.starts(with: prefix)
        case .suffix(let suffix): bytes.ends(with: suffix)
        case .equalsIgnoringCase(let expected): expected == CaseFoldedText(text)
        case .prefixIgnoringCase(let prefix): CaseFoldedText(text).bytes.span.starts(with: prefix.bytes)
        case .suffixIgnoringCase(let suffix): CaseFoldedText(text).bytes.span.ends(with: suffix.bytes)
        case .wildcard(let pattern): pattern.matches(bytes)
        }
    }
}

extension Span<UInt8> {
    func starts(with prefix: [UInt8]) -> Bool { has(prefix, at: 0) }

    func ends(with suffix: [UInt8]) -> Bool { has(suffix, at: count - suffix.count) }

    /// Whether these bytes begin at an offset, which may be out of bounds.
    func has(_ bytes: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset <= count - bytes.count else { return false }
        for index in bytes.indices where self[offset + index] != bytes[index] { return false }
        return true
    }
}
