import JSON

/// The members of a JSON object, read by the rules that hold for everything from outside: `null` counts as absent, and so
/// does an empty string, which an EventBridge input transformer writes for a member that the event does not have;
/// what identifies or decides must have the right type and length, what only describes is cut or left out.
struct Fields {
    private let members: JSON.Members
    private let path: String

    /// - Parameter path: where the object stands, in fixed words: it goes into the reasons of errors.
    init(_ json: JSON, at path: String) throws(UnrecognizedMessageError) {
        guard let members = json.object else { throw UnrecognizedMessageError(reason: "\(path) is not an object") }
        self.members = members
        self.path = path
    }

    private func error(_ name: String, _ fault: String) -> UnrecognizedMessageError {
        UnrecognizedMessageError(reason: "\(path): \(name) \(fault)")
    }

    /// The member, or nil if it is absent, `null` or an empty string.
    subscript(name: String) -> JSON? {
        guard let value = members[name], !value.isNull, value != "" else { return nil }
        return value
    }

    /// A string that has to be there and not be empty.
    func name(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String {
        guard let value = try optionalName(name, limit: limit) else { throw error(name, "is missing or empty") }
        return value
    }

    /// A string that may be absent or empty (nil), but not of another type or too long.
    ///
    /// - Parameter limit: in Unicode scalars, the most generous reading of a limit in characters.
    func optionalName(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw error(name, "is not a string") }
        guard text.unicodeScalars.prefix(limit + 1).count <= limit else {
            throw error(name, "is longer than \(limit) characters")
        }
        // No database keeps it in a text, and AWS allows it in no name.
        guard !text.utf8.contains(0) else { throw error(name, "has the character U+0000") }
        return text.isEmpty ? nil : text
    }

    /// An id that AWS made: ASCII letters, digits, dashes and underscores. It has to be there.
    func identifier(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String {
        guard let value = try optionalIdentifier(name, limit: limit) else {
            throw error(name, "is missing or empty")
        }
        return value
    }

    /// An id that AWS made, which may be absent or empty (nil).
    func optionalIdentifier(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String? {
        guard let value = try optionalName(name, limit: limit) else { return nil }
        guard value.isIdentifier else {
            throw error(name, "has characters other than letters, digits, - and _")
        }
        return value
    }

    /// One of the words of an enumeration, which has to be there.
    func word<Word: RawRepresentable<String>>(_ name: String) throws(UnrecognizedMessageError) -> Word {
        guard let word = Word(word: try self.name(name, limit: 128)) else {
            throw error(name, "has an unknown value")
        }
        return word
    }

    /// A describing text: nil if it is absent, empty or no string; cut to the limit, in Unicode scalars.
    func text(_ name: String, limit: Int) -> String? { members[name]?.boundedText(limit: limit) }

    /// A count, also if it is written as a string of digits; nil if it is absent or no count.
    func count(_ name: String) -> Int64? {
        guard let value = members[name]?.lenientInteger, value >= 0 else { return nil }
        return value
    }

    /// A flag that may be absent (nil), but not of another type; the strings `true` and `false` count as flags.
    func flag(_ name: String) throws(UnrecognizedMessageError) -> Bool? {
        switch self[name] {
        case nil: return nil
        case .bool(let value): return value
        case "true": return true
        case "false": return false
        default: throw error(name, "is not a boolean")
        }
    }

    /// The unit of a time since 1970.
    enum TimeUnit {
        /// As Device Defender's SNS messages have it.
        case milliseconds
        /// As the AWS IoT API's answers have it.
        case seconds
    }

    /// A time since 1970 that has to be there.
    func time(_ name: String, in unit: TimeUnit) throws(UnrecognizedMessageError) -> Timestamp {
        guard let time = try optionalTime(name, in: unit) else { throw error(name, "is missing") }
        return time
    }

    /// A time since 1970 that may be absent (nil), but not be malformed or out of range.
    func optionalTime(_ name: String, in unit: TimeUnit) throws(UnrecognizedMessageError) -> Timestamp? {
        guard let value = self[name] else { return nil }
        switch unit {
        case .milliseconds:
            if let milliseconds = value.lenientInteger, Timestamp.millisecondsRange.contains(milliseconds) {
                return Timestamp(milliseconds: milliseconds)
            }
        case .seconds:
            if let seconds = value.lenientDouble, let time = Timestamp(seconds: seconds) { return time }
        }
        throw error(name, "is not a time from 1970 to 9999")
    }

    /// An object that has to be there.
    func object(_ name: String) throws(UnrecognizedMessageError) -> Fields {
        guard let value = self[name] else { throw error(name, "is missing") }
        return try Fields(value, at: name)
    }

    /// An array that may be absent (empty then), but not of another type or too long.
    func array(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> [JSON] {
        guard let value = self[name] else { return [] }
        guard let elements = value.array else { throw error(name, "is not an array") }
        guard elements.count <= limit else { throw error(name, "has more than \(limit) elements") }
        return elements
    }
}

extension JSON {
    /// A number without a fraction, or a string that holds one, if it fits into 64 bits.
    var lenientInteger: Int64? {
        if let integer { return integer }
        if case .string(let text) = self { return Int64(text) }
        return double.flatMap { Int64(exactly: $0) }
    }

    /// A finite number, or a string that holds one.
    var lenientDouble: Double? {
        if let double { return double }
        guard case .string(let text) = self, text.utf8.count <= 64, let value = Double(text), value.isFinite else {
            return nil
        }
        return value
    }

    /// A string that is not empty, cut to a limit in Unicode scalars and without U+0000; nil for anything else.
    func boundedText(limit: Int) -> String? {
        guard let string else { return nil }
        let scalars = string.unicodeScalars.prefix(limit).lazy.filter { $0.value != 0 }
        let text = String(String.UnicodeScalarView(scalars))
        return text.isEmpty ? nil : text
    }

    /// The members of an object whose values are strings, or numbers and booleans as text; nothing of other values.
    ///
    /// - Parameter entries: how many are kept, the first by name.
    func textMap(entries: Int, keyLimit: Int, valueLimit: Int) -> [UTF8Text: String] {
        var map: [UTF8Text: String] = [:]
        for (key, value) in (object ?? [:]).sorted(by: { $0.key < $1.key }) where map.count < entries {
            guard let key = JSON.string(key.string).boundedText(limit: keyLimit) else { continue }
            switch value {
            case .string: map[key] = value.boundedText(limit: valueLimit)
            case .number(let text): map[key] = text
            case .bool(let flag): map[key] = flag ? "true" : "false"
            default: continue
            }
        }
        return map
    }
}
