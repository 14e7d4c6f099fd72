import Encoding
import JSON

/// Reads the members of a JSON object from external input. `null` counts as absent, and so does an empty string, which
/// an EventBridge input transformer writes for a missing member. Required fields must have the right type and length;
/// descriptive fields are truncated or dropped.
struct Fields {
    private let members: JSON.Members
    private let path: String

    /// - Parameter path: the object's name for error messages, a fixed text.
    init(_ json: JSON, at path: String) throws(UnrecognizedMessageError) {
        guard let members = json.object else { throw UnrecognizedMessageError(reason: "\(path) is not an object") }
        self.members = members
        self.path = path
    }

    private func error(_ name: String, _ problem: String) -> UnrecognizedMessageError {
        UnrecognizedMessageError(reason: "\(path): \(name) \(problem)")
    }

    /// The member, or nil if it is absent, `null` or an empty string.
    subscript(name: String) -> JSON? {
        guard let value = members[name], !value.isNull, value != "" else { return nil }
        return value
    }

    /// A required, non-empty string.
    func name(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String {
        guard let value = try optionalName(name, limit: limit) else { throw error(name, "is missing or empty") }
        return value
    }

    /// An optional string; throws if it is mistyped or too long.
    ///
    /// - Parameter limit: the maximum length in Unicode scalars, the most lenient reading of a limit in characters.
    func optionalName(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw error(name, "is not a string") }
        guard text.utf8.count <= limit || text.unicodeScalars.prefix(limit + 1).count <= limit else {
            throw error(name, "is longer than \(limit) characters")
        }
        // Databases cannot store it in a text, and AWS does not allow it in names.
        guard !text.utf8.contains(0) else { throw error(name, "has the character U+0000") }
        return text.isEmpty ? nil : text
    }

    /// A required ID from AWS: ASCII letters, digits, dashes and underscores.
    func identifier(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String {
        guard let value = try optionalIdentifier(name, limit: limit) else {
            throw error(name, "is missing or empty")
        }
        return value
    }

    /// An optional ID from AWS.
    func optionalIdentifier(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> String? {
        guard let value = try optionalName(name, limit: limit) else { return nil }
        guard value.isIdentifier else {
            throw error(name, "has characters other than letters, digits, - and _")
        }
        return value
    }

    /// A required case of an enumeration.
    func word<Word: RawRepresentable<String>>(_ name: String) throws(UnrecognizedMessageError) -> Word {
        guard let word = Word(word: try self.name(name, limit: 128)) else {
            throw error(name, "has an unknown value")
        }
        return word
    }

    /// A descriptive text, truncated to a limit in Unicode scalars; nil if it is absent, empty or not a string.
    func text(_ name: String, limit: Int) -> String? { members[name]?.boundedText(limit: limit) }

    /// A count, also as a string of digits; nil if it is absent or invalid.
    func count(_ name: String) -> Int64? {
        guard let value = members[name]?.lenientInteger, value >= 0 else { return nil }
        return value
    }

    /// An optional boolean; throws if it is mistyped. The strings `true` and `false` are accepted.
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
        /// Milliseconds, as in Device Defender's SNS messages.
        case milliseconds
        /// Seconds, as in the AWS IoT API's responses.
        case seconds
    }

    /// A required time since 1970.
    func time(_ name: String, in unit: TimeUnit) throws(UnrecognizedMessageError) -> Timestamp {
        guard let time = try optionalTime(name, in: unit) else { throw error(name, "is missing") }
        return time
    }

    /// An optional time since 1970; throws if it is malformed or out of range.
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

    /// A required object.
    func object(_ name: String) throws(UnrecognizedMessageError) -> Fields {
        guard let value = self[name] else { throw error(name, "is missing") }
        return try Fields(value, at: name)
    }

    /// An optional array, empty if absent; throws if it is mistyped or too long.
    func array(_ name: String, limit: Int) throws(UnrecognizedMessageError) -> [JSON] {
        guard let value = self[name] else { return [] }
        guard let elements = value.array else { throw error(name, "is not an array") }
        guard elements.count <= limit else { throw error(name, "has more than \(limit) elements") }
        return elements
    }
}

extension JSON {
    /// An integer that fits into 64 bits, also as a string.
    var lenientInteger: Int64? {
        if let integer { return integer }
        if case .string(let text) = self { return Int64(text) }
        return double.flatMap { Int64(exactly: $0) }
    }

    /// A finite number, also as a string.
    var lenientDouble: Double? {
        if let double { return double }
        guard case .string(let text) = self, text.utf8.count <= 64, let value = Double(text), value.isFinite else {
            return nil
        }
        return value
    }

    /// A non-empty string, truncated to a limit in Unicode scalars and without U+0000; nil for anything else.
    func boundedText(limit: Int) -> String? {
        guard let string else { return nil }
        // Fast path: nearly every text is short.
        if string.utf8.count <= limit, !string.utf8.contains(0) { return string.isEmpty ? nil : string }
        let scalars = string.unicodeScalars.prefix(limit).lazy.filter { $0.value != 0 }
        let text = String(String.UnicodeScalarView(scalars))
        return text.isEmpty ? nil : text
    }

    /// The members of an object that are strings, numbers or booleans, as text; other members are dropped.
    ///
    /// - Parameter entries: the maximum number of members, the first by name.
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
