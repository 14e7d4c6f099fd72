import JSON

/// Parses the structure of a pattern: objects, fields and `$or`. The recursion is bounded by the depth of the pattern.
struct EventPatternParser {
    /// The number of values parsed so far.
    var valueCount = 0

    mutating func parse(_ json: JSON) throws(EventPatternError) -> [EventPatternNode] {
        guard case .object(let members) = json else {
            throw EventPatternError(
                .root, "the pattern is \(Self.kind(of: json))",
                fix: "Write an object of fields, for example {\"source\": [\"aws.ec2\"]}.")
        }
        return try parse(members, at: Scope(location: .root)).nodes
    }

    /// Where an object stands.
    private struct Scope {
        var location: PatternLocation
        var depth = 1
        var isInsideOr = false
    }

    private mutating func parse(
        _ members: JSON.Members, at scope: Scope
    ) throws(EventPatternError) -> PatternCombinations {
        guard !members.isEmpty else {
            throw EventPatternError(
                scope.location, "the object is empty",
                fix: "Name at least one field, or write [{\"exists\": true}] for any value.")
        }
        guard scope.depth <= EventPattern.maximumDepth else {
            throw EventPatternError(
                scope.location, "the pattern is nested deeper than \(EventPattern.maximumDepth) levels",
                fix: "Remove levels.")
        }
        var combinations = PatternCombinations.unconditional
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where name != Self.or {
            let location = scope.location.member(name.string)
            let field = try parseField(name, value, at: location, in: scope)
            try combinations.multiply(by: field, at: location) { $0.fields += $1.fields }
        }
        if let value = members[Self.or] {
            let location = scope.location.member(Self.or.string)
            let alternatives = try parseAlternatives(value, at: location, in: scope)
            try combinations.multiply(by: alternatives, at: location) { node, other throws(EventPatternError) in
                try node.merge(other, at: scope.location)
            }
        }
        return combinations
    }

    private static let or: UTF8Text = "$or"

    private mutating func parseField(
        _ name: UTF8Text, _ value: JSON, at location: PatternLocation, in scope: Scope
    ) throws(EventPatternError) -> PatternCombinations {
        try checkLength(of: name.string, at: location)
        guard !scope.isInsideOr || !Self.isReserved(name) else {
            throw EventPatternError(
                location, "the name is reserved and cannot be a field inside of $or",
                fix: "Write operators in the list of a field, for example \"name\": [{\"prefix\": \"a\"}].")
        }
        switch value {
        case .object(let members):
            var inner = scope
            inner.location = location
            inner.depth += 1
            return try parse(members, at: inner).nested(in: name)
        case .array(let values):
            let tests = try parseValues(values, at: location)
            return PatternCombinations(EventPatternNode(fields: [.init(name: name, condition: .values(tests))]))
        default:
            throw EventPatternError(
                location, "the value is \(Self.kind(of: value)), not a list or an object",
                fix: "Write a list, even of one value: [\(Self.excerpt(of: value))].")
        }
    }

    private mutating func parseAlternatives(
        _ value: JSON, at location: PatternLocation, in scope: Scope
    ) throws(EventPatternError) -> PatternCombinations {
        let example = "Write a list of at least 2 objects, for example [{\"a\": [1]}, {\"b\": [2]}]."
        guard case .array(let elements) = value, elements.count >= 2 else {
            let found = value.array.map { "has \($0.count) of at least 2 alternatives" } ?? "is \(Self.kind(of: value))"
            throw EventPatternError(location, "$or \(found)", fix: example)
        }
        var alternatives = PatternCombinations.none
        for (index, element) in elements.enumerated() {
            let location = location.element(index)
            guard case .object(let members) = element else {
                throw EventPatternError(location, "the alternative is \(Self.kind(of: element))", fix: example)
            }
            let inner = Scope(location: location, depth: scope.depth + 1, isInsideOr: true)
            try alternatives.append(parse(members, at: inner), at: location)
        }
        return alternatives
    }

    /// The names of today's and future operators, which Event Ruler reserves inside of `$or`.
    private static func isReserved(_ name: UTF8Text) -> Bool { reservedNames.contains(name) }

    private static let reservedNames: [UTF8Text] = [
        "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
        "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
        "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
        "ip-address-not-in-range",
    ]
}

extension EventPatternParser {
    /// A JSON value's type, with an article.
    static func kind(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// A scalar as it would stand in a list.
    private static func excerpt(of value: JSON) -> String {
        switch value {
        case .string(let text): PatternLocation.quoted(text)
        case .number(let text): text.utf8.count <= 64 ? text : "…"
        case .bool(let value): value ? "true" : "false"
        default: "null"
        }
    }

    func checkLength(of text: String, at location: PatternLocation) throws(EventPatternError) {
        guard text.utf8.count <= EventPattern.maximumTextLength else {
            throw EventPatternError(
                location, "the text is longer than \(EventPattern.maximumTextLength) bytes",
                fix: "Write a shorter text, or a prefix of it.")
        }
    }
}
