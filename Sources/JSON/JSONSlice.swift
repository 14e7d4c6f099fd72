/// A value in a JSON text that is checked but not parsed.
///
/// Reading large responses of which little is needed costs a fraction of ``JSON/init(parsing:limits:)``, and accepts the
/// same texts.
public struct JSONSlice: Sendable {
    private let text: [UInt8]
    private let range: Range<Int>
    private let limits: JSONLimits

    /// Checks one JSON text as strictly as ``JSON/init(parsing:limits:)``. A leading byte order mark is ignored.
    ///
    /// - Throws: ``JSONError``, the same as from parsing.
    public init(checking text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var parser = Parser(bytes: text, limits: limits)
        self.init(text, try parser.checkText(), limits)
    }

    private init(_ text: [UInt8], _ range: Range<Int>, _ limits: JSONLimits) {
        (self.text, self.range, self.limits) = (text, range, limits)
    }

    /// The value as it was written, without surrounding whitespace.
    public var bytes: ArraySlice<UInt8> { text[range] }

    /// The value, parsed within the limits of the text.
    ///
    /// - Throws: ``JSONError``, which does not happen, because the text is checked.
    public func parsed() throws(JSONError) -> JSON { try JSON(parsing: Array(bytes), limits: limits) }

    /// The member with this name, or nil if there is none or this is not an object.
    public subscript(name: String) -> JSONSlice? {
        members()?.first { member in
            member.hasEscapes
                ? (try? JSON(parsing: "\"\(String(decoding: member.name, as: UTF8.self))\"")) == .string(name)
                : member.name.elementsEqual(name.utf8)
        }?.value
    }

    /// The elements of an array, in order; nil for any other value.
    public func elements() -> [JSONSlice]? {
        guard text[range.lowerBound] == UInt8(ascii: "[") else { return nil }
        var scanner = Scanner(text, from: range.lowerBound + 1)
        var elements: [JSONSlice] = []
        while let value = scanner.next() { elements.append(slice(value)) }
        return elements
    }

    /// A member of an object.
    public struct Member: Sendable {
        /// The name as it was written, without its quotes.
        public let name: ArraySlice<UInt8>
        /// The value.
        public let value: JSONSlice

        /// Whether the name is written with escapes.
        public var hasEscapes: Bool { name.contains(UInt8(ascii: "\\")) }
    }

    /// The members of an object, in the order of the text; nil for any other value.
    public func members() -> [Member]? {
        guard text[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        var scanner = Scanner(text, from: range.lowerBound + 1)
        var members: [Member] = []
        members.reserveCapacity(16)
        while let name = scanner.next(), let value = scanner.next() {
            members.append(Member(name: text[name.lowerBound + 1..<name.upperBound - 1], value: slice(value)))
        }
        return members
    }

    private func slice(_ range: Range<Int>) -> JSONSlice { JSONSlice(text, range, limits) }
}

/// Finds the values in an array or object of a checked text.
private struct Scanner {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], from start: Int) { (self.bytes, position) = (bytes, start) }

    /// The next name, value or element; nil at the end of the array or object.
    mutating func next() -> Range<Int>? {
        while position < bytes.count {
            let start = position
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ":"): position += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): return nil
            case UInt8(ascii: "\""):
                skipString()
                return start..<position
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                skipNested()
                return start..<position
            default:
                skipWord()
                return start..<position
            }
        }
        return nil
    }

    private mutating func skipString() {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
    }

    private mutating func skipNested() {
        var depth = 0
        repeat {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            position += 1
        } while depth > 0
    }

    /// Skips a number, `true`, `false` or `null`.
    private mutating func skipWord() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return
            default: position += 1
            }
        }
    }
}
