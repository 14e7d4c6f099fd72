import JSON

/// The fields of a message after its header: `key=value`, separated by spaces. In a value, `\=`, `\\`, `\n` and `\r`
/// stand for an equals sign, a backslash, a line feed and a carriage return.
enum CEFExtension {
    /// A field as ranges of the message.
    private struct Field {
        let key: Range<Int>
        let value: Range<Int>
    }

    /// Parses the fields.
    ///
    /// - Parameter start: the offset of the extension; at or beyond the end of the message if it has none.
    static func parse(_ bytes: [UInt8], from start: Int) throws(CEFError) -> JSON.Members {
        var members: JSON.Members = [:]
        for field in try fields(bytes, from: min(start, bytes.count)) {
            let key = String(decoding: bytes[field.key], as: UTF8.self)
            members[key] = .string(unescape(CEFMessage.trim(bytes[field.value])))
        }
        return members
    }

    /// Finds the fields. A key begins the extension or follows a space; every other equals sign is part of a value.
    private static func fields(_ bytes: [UInt8], from start: Int) throws(CEFError) -> [Field] {
        var fields: [Field] = []
        var key: Range<Int>?
        // The start of the word at the index, if all of it so far can be a key.
        var word: Int? = start
        var index = start
        func finish(at end: Int) {
            if let key { fields.append(Field(key: key, value: key.upperBound + 1..<end)) }
        }
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: " "): word = index + 1
            case UInt8(ascii: "="):
                if let first = word, first < index {
                    finish(at: first)
                    guard key != nil || CEFMessage.trim(bytes[start..<first]).isEmpty else {
                        throw missingKey(bytes, from: start)
                    }
                    guard fields.count < CEFMessage.maximumFields else {
                        throw CEFError(
                            "The extension has more than \(CEFMessage.maximumFields) fields. Send fewer fields.",
                            at: first, in: bytes)
                    }
                    key = first..<index
                }
                word = nil
            case UInt8(ascii: "\\"):
                word = nil
                // The escaped character is not read as the end of a key, nor as the start of another escape.
                if escaped(bytes, after: index) != nil { index += 1 }
            default: if let first = word, !isKey(byte, isFirst: index == first) { word = nil }
            }
            index += 1
        }
        if key == nil, !CEFMessage.trim(bytes[start...]).isEmpty { throw missingKey(bytes, from: start) }
        finish(at: bytes.count)
        return fields
    }

    private static func missingKey(_ bytes: [UInt8], from start: Int) -> CEFError {
        CEFError(
            "The extension does not begin with a field. Write key=value after the header's last |.", at: start,
            in: bytes)
    }

    /// Whether a byte can stand in a key.
    private static func isKey(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"): !isFirst
        default: false
        }
    }

    /// The byte that an escape stands for; nil if the backslash at an offset begins none.
    private static func escaped(_ bytes: [UInt8], after backslash: Int) -> UInt8? {
        guard backslash + 1 < bytes.count else { return nil }
        switch bytes[backslash + 1] {
        case UInt8(ascii: "="), UInt8(ascii: "\\"): return bytes[backslash + 1]
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        default: return nil
        }
    }

    private static func unescape(_ value: ArraySlice<UInt8>) -> String {
        guard value.contains(UInt8(ascii: "\\")) else { return String(decoding: value, as: UTF8.self) }
        let value = Array(value)
        var text: [UInt8] = []
        text.reserveCapacity(value.count)
        var index = 0
        while index < value.count {
            if value[index] == UInt8(ascii: "\\"), let byte = escaped(value, after: index) {
                text.append(byte)
                index += 2
            } else {
                text.append(value[index])
                index += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
