import JSON

/// Parses the list of a field: exact values and operators.
extension EventPatternParser {
    /// An operator on the values of a field.
    private enum Operator: String, CaseIterable {
        case prefix, suffix
        case equalsIgnoreCase = "equals-ignore-case"
        case wildcard
        case anythingBut = "anything-but"
        case numeric, exists, cidr
    }

    mutating func parseValues(
        _ values: [JSON], at location: PatternLocation
    ) throws(EventPatternError) -> ValueTests {
        guard !values.isEmpty else {
            throw EventPatternError(
                location, "the list is empty and matches nothing",
                fix: "Write at least one value, or [{\"exists\": true}] for any.")
        }
        var tests = ValueTests()
        for (index, value) in values.enumerated() {
            let location = location.element(index)
            try countValue(at: location)
            switch value {
            case .null: tests.tests.append(.null)
            case .bool(let value): tests.tests.append(.bool(value))
            case .number(let text): tests.tests.append(.number(try number(text, at: location)))
            case .string(let text): tests.tests.append(.text(.equals(try bytes(of: text, at: location))))
            case .object(let members): try parseOperator(members, at: location, into: &tests)
            case .array:
                throw EventPatternError(
                    location, "the value is a list in a list", fix: "Write its values directly in the outer list.")
            }
        }
        return tests
    }

    private mutating func parseOperator(
        _ members: JSON.Members, at location: PatternLocation, into tests: inout ValueTests
    ) throws(EventPatternError) {
        let (name, value) = try onlyMember(of: members, at: location)
        guard let `operator` = Operator(word: name) else {
            throw unknownOperator(name, Operator.allCases.map(\.rawValue), at: location)
        }
        let location = location.member(name)
        switch `operator` {
        case .prefix, .suffix:
            tests.tests.append(.text(try affix(value, isPrefix: `operator` == .prefix, at: location)))
        case .equalsIgnoreCase:
            let text = try string(value, at: location)
            tests.tests.append(.text(.equalsIgnoringCase(CaseFoldedText(text))))
        case .wildcard: tests.tests.append(.text(.wildcard(try wildcard(value, at: location))))
        case .anythingBut: tests.tests.append(try anythingBut(value, at: location))
        case .numeric: tests.tests.append(.numeric(try NumericRangeParser(location: location).parse(value)))
        case .cidr: tests.tests.append(.cidr(try addressBlock(value, at: location)))
        case .exists:
            guard case .bool(let exists) = value else {
                throw EventPatternError(
                    location, "the value is \(Self.kind(of: value))", fix: "Write true or false, without quotes.")
            }
            if exists { tests.tests.append(.exists) } else { tests.allowsAbsence = true }
        }
    }

    /// A text, or `{"equals-ignore-case": TEXT}`.
    private func affix(
        _ value: JSON, isPrefix: Bool, at location: PatternLocation
    ) throws(EventPatternError) -> TextTest {
        guard case .object(let members) = value else {
            let bytes = try bytes(of: string(value, at: location), at: location)
            return isPrefix ? .prefix(bytes) : .suffix(bytes)
        }
        let (name, inner) = try onlyMember(of: members, at: location)
        guard Operator(word: name) == .equalsIgnoreCase else {
            throw unknownOperator(name, [Operator.equalsIgnoreCase.rawValue], at: location)
        }
        let text = CaseFoldedText(try string(inner, at: location.member(name)))
        return isPrefix ? .prefixIgnoringCase(text) : .suffixIgnoringCase(text)
    }

    private func addressBlock(_ value: JSON, at location: PatternLocation) throws(EventPatternError) -> AddressBlock {
        let text = try string(value, at: location)
        guard let block = AddressBlock(text) else {
            throw EventPatternError(
                location, "\(PatternLocation.quoted(text)) is not an address block",
                fix: "Write an IPv4 or IPv6 address and a prefix length, for example 10.0.0.0/24 or 2001:db8::/32.")
        }
        return block
    }
}

// MARK: anything-but

extension EventPatternParser {
    /// A string, a number, a list of either, or an operator on strings with a string or a list of strings.
    private mutating func anythingBut(
        _ value: JSON, at location: PatternLocation
    ) throws(EventPatternError) -> ValueTest {
        if case .object(let members) = value { return .anythingButTexts(try excludedTexts(members, at: location)) }
        var texts: [TextTest] = []
        var numbers: [DecimalNumber] = []
        for (value, location) in try excluded(value, at: location) {
            switch value {
            case .string(let text): texts.append(.equals(try bytes(of: text, at: location)))
            case .number(let text): numbers.append(try number(text, at: location))
            default:
                throw EventPatternError(
                    location, "the value is \(Self.kind(of: value))",
                    fix: "Write strings or numbers; instead of {\"anything-but\": true}, write false.")
            }
        }
        guard texts.isEmpty || numbers.isEmpty else {
            throw EventPatternError(
                location, "the list has strings and numbers", fix: "Write a list of only strings or of only numbers.")
        }
        return texts.isEmpty ? .anythingButNumbers(numbers) : .anythingButTexts(texts)
    }

    private mutating func excludedTexts(
        _ members: JSON.Members, at location: PatternLocation
    ) throws(EventPatternError) -> [TextTest] {
        let allowed: [Operator] = [.prefix, .suffix, .equalsIgnoreCase, .wildcard]
        let (name, value) = try onlyMember(of: members, at: location)
        guard let `operator` = Operator(word: name), allowed.contains(`operator`) else {
            throw unknownOperator(name, allowed.map(\.rawValue), at: location)
        }
        var tests: [TextTest] = []
        for (value, location) in try excluded(value, at: location.member(name)) {
            tests.append(try excludedText(`operator`, value, at: location))
        }
        return tests
    }

    /// A value alone or the values of a list, which must not be empty.
    private mutating func excluded(
        _ value: JSON, at location: PatternLocation
    ) throws(EventPatternError) -> [(value: JSON, location: PatternLocation)] {
        let list = value.array?.enumerated().map { (value: $1, location: location.element($0)) }
        let values = list ?? [(value, location)]
        guard !values.isEmpty else {
            throw EventPatternError(location, "the list is empty", fix: "Write at least one value.")
        }
        for value in values { try countValue(at: value.location) }
        return values
    }

    private func excludedText(
        _ operator: Operator, _ value: JSON, at location: PatternLocation
    ) throws(EventPatternError) -> TextTest {
        if `operator` == .wildcard { return .wildcard(try wildcard(value, at: location)) }
        let text = try string(value, at: location)
        if `operator` == .equalsIgnoreCase { return .equalsIgnoringCase(CaseFoldedText(text)) }
        guard !text.utf8.isEmpty else {
            throw EventPatternError(
                location, "the text is empty, which excludes every string", fix: "Write at least one character.")
        }
        return `operator` == .prefix ? .prefix(Array(text.utf8)) : .suffix(Array(text.utf8))
    }
}

// MARK: Parts

extension EventPatternParser {
    private mutating func countValue(at location: PatternLocation) throws(EventPatternError) {
        valueCount += 1
        guard valueCount <= EventPattern.maximumValues else {
            throw EventPatternError(
                location, "the pattern has more than \(EventPattern.maximumValues) values",
                fix: "Write fewer values, or operators such as prefix instead.")
        }
    }

    private func onlyMember(
        of members: JSON.Members, at location: PatternLocation
    ) throws(EventPatternError) -> (name: String, value: JSON) {
        guard members.count == 1, let member = members.first else {
            throw EventPatternError(
                location, "the object has \(members.count) operators instead of one",
                fix: "Write each operator in an object of its own: [{\"prefix\": \"a\"}, {\"suffix\": \"b\"}].")
        }
        return (member.key.string, member.value)
    }

    private func unknownOperator(_ name: String, _ known: [String], at location: PatternLocation) -> EventPatternError {
        EventPatternError(
            location, "unknown operator \(PatternLocation.quoted(name))",
            fix: known.count == 1 ? "Write \(known[0])." : "Write one of \(known.joined(separator: ", ")).")
    }

    private func string(_ value: JSON, at location: PatternLocation) throws(EventPatternError) -> String {
        guard case .string(let text) = value else {
            throw EventPatternError(
                location, "the value is \(Self.kind(of: value))", fix: "Write a string in quotes.")
        }
        try checkLength(of: text, at: location)
        return text
    }

    private func bytes(of text: String, at location: PatternLocation) throws(EventPatternError) -> [UInt8] {
        try checkLength(of: text, at: location)
        return Array(text.utf8)
    }

    private func number(_ text: String, at location: PatternLocation) throws(EventPatternError) -> DecimalNumber {
        try checkLength(of: text, at: location)
        guard let number = DecimalNumber(text) else {
            throw EventPatternError(
                location, "the number is not a JSON number or its exponent is beyond ±1000000000",
                fix: "Write a decimal number, for example 300 or 3.5e2.")
        }
        return number
    }

    private func wildcard(_ value: JSON, at location: PatternLocation) throws(EventPatternError) -> WildcardPattern {
        let text = try string(value, at: location)
        do throws(WildcardPattern.Problem) {
            return try WildcardPattern(text)
        } catch {
            switch error {
            case .consecutiveWildcards(let offset):
                throw EventPatternError(
                    location, "two wildcards in sequence at byte \(offset)", fix: "Write one *, or \\* for an asterisk."
                )
            case .invalidEscape(let offset):
                throw EventPatternError(
                    location, "a backslash escapes nothing at byte \(offset)",
                    fix: "Write \\* for an asterisk and \\\\ for a backslash.")
            }
        }
    }
}
