import Encoding
import JSON

/// A schema for a JSON value.
indirect enum FindingValidator: Sendable {
    /// A string with a length range, not blank.
    case text(ClosedRange<Int>)
    /// 12 digits.
    case account
    /// A finding type: a namespace and at most two more parts, separated by slashes.
    case findingType
    /// A timestamp.
    case time
    /// One of a set of strings.
    case word([String])
    /// An integer.
    case integer(ClosedRange<Int64>)
    /// Any number.
    case number
    /// `true` or `false`.
    case flag
    /// An array.
    case list(FindingValidator, ClosedRange<Int>)
    /// A map of strings: the maximum number of entries, and of characters in keys and values.
    case map(count: Int, name: Int, value: Int)
    /// An object.
    case object([String: FindingValidator], required: [String])
    /// Any value; not validated.
    case anything

    /// The validation error of a value, in the format of Security Hub's validator; nil if it is valid.
    ///
    /// - Parameter path: the value's path, for example `data.Title`; evaluated only for an error.
    func validationError(for json: JSON, at path: @autoclosure () -> String) -> String? {
        switch self {
        case .anything: nil
        case .text(let length): Self.validationError(for: json.string, length: length, at: path())
        case .account:
            json.string.map { $0.utf8.count == 12 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } } == true
                ? nil : "\(path()) should match pattern \"^[0-9]{12}$\""
        case .findingType:
            Self.isFindingType(json.string) ? nil : "\(path()) should match pattern \"^([^/]+)(/[^/]+){0,2}$\""
        case .time:
            json.string.flatMap { FindingTimestamp(iso8601: $0) } == nil
                ? "\(path()) should match format \"date-time\"" : nil
        case .word(let words):
            json.string.map(words.contains) == true ? nil : "\(path()) should be equal to one of the allowed values"
        case .integer(let range):
            json.integer.map(range.contains) == true
                ? nil : "\(path()) should be an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number: json.double == nil ? "\(path()) should be number" : nil
        case .flag: json.bool == nil ? "\(path()) should be boolean" : nil
        case .list(let element, let count): Self.validationError(for: json.array, element, count: count, at: path())
        case .map(let count, let name, let value):
            Self.validationError(forMap: json.object, count: count, name: name, value: value, at: path())
        case .object(let members, let required):
            Self.validationError(for: json.object, members, required: required, at: path())
        }
    }

    private static func validationError(for text: String?, length: ClosedRange<Int>, at path: @autoclosure () -> String)
        -> String?
    {
        guard let text else { return "\(path()) should be string" }
        let count = text.unicodeScalars.count
        if count < length.lowerBound { return "\(path()) should NOT be shorter than \(length.lowerBound) characters" }
        if count > length.upperBound { return "\(path()) should NOT be longer than \(length.upperBound) characters" }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            return "\(path()) should match pattern \".*\\S.*\""
        }
        return nil
    }

    private static func isFindingType(_ text: String?) -> Bool {
        guard let parts = text?.split(separator: "/", omittingEmptySubsequences: false) else { return false }
        return parts.count <= 3 && parts.allSatisfy { !$0.isEmpty }
    }

    private static func validationError(
        for elements: [JSON]?, _ shape: FindingValidator, count: ClosedRange<Int>, at path: @autoclosure () -> String
    ) -> String? {
        guard let elements else { return "\(path()) should be array" }
        if elements.count < count.lowerBound { return "\(path()) should NOT have fewer than \(count.lowerBound) items" }
        if elements.count > count.upperBound { return "\(path()) should NOT have more than \(count.upperBound) items" }
        for (index, element) in elements.enumerated() {
            if let validationError = shape.validationError(for: element, at: "\(path())[\(index)]") {
                return validationError
            }
        }
        return nil
    }

    private static func validationError(
        forMap members: JSON.Members?, count: Int, name: Int, value: Int, at path: @autoclosure () -> String
    ) -> String? {
        guard let members else { return "\(path()) should be object" }
        if members.count > count { return "\(path()) should NOT have more than \(count) properties" }
        return first(of: members) { member, json in
            FindingValidator.text(1...name).validationError(for: .string(member), at: "\(path()) property name")
                ?? FindingValidator.text(1...value).validationError(for: json, at: "\(path())['\(member)']")
        }
    }

    private static func validationError(
        for members: JSON.Members?, _ shapes: [String: FindingValidator], required: [String],
        at path: @autoclosure () -> String
    ) -> String? {
        guard let members else { return "\(path()) should be object" }
        if let name = required.first(where: { members[$0] == nil }) {
            return "\(path()) should have required property '\(name)'"
        }
        return first(of: members) { member, json in
            guard let shape = shapes[member] else { return "\(path()) should NOT have additional properties" }
            return shape.validationError(for: json, at: "\(path()).\(member)")
        }
    }

    /// The error of the first invalid member by name; nil if all are valid.
    private static func first(
        of members: JSON.Members, error: (_ member: String, _ json: JSON) -> String?
    ) -> String? {
        members.compactMap { member, json in error(member.string, json).map { (member, $0) } }.min { $0.0 < $1.0 }?
            .1
    }
}
