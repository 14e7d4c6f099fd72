package import JSON

/// A condition on a JSON object, in the language of Amazon EventBridge event patterns.
///
/// A pattern has the structure of the events that it matches. Each field has a list of values and operators, of which
/// one must match; all fields must match. `$or` lists alternatives, at any level. Operators: `prefix`, `suffix`,
/// `equals-ignore-case`, `wildcard`, `anything-but`, `numeric`, `exists` and `cidr`. Sources: Amazon EventBridge User
/// Guide, "Amazon EventBridge event patterns" and "Comparison operators for use in event patterns"; where these leave a
/// case open, the library that EventBridge uses (github.com/aws/event-ruler).
///
/// Rules for values:
/// - Strings and names are compared by their bytes; nothing is normalized. A dot in a name has no meaning.
/// - **Numbers are compared as numbers, exactly and at any size**: 300, 300.0 and 3e2 are equal. EventBridge documents
///   that it compares the numbers' text; Event Ruler also compares numbers.
/// - `equals-ignore-case` compares by the Unicode lowercase mapping of each scalar, independent of locale.
/// - `anything-but` matches every scalar that is not excluded, also one of another type; it does not match a missing
///   field.
/// - `exists` is about scalars: an object, an empty object and an empty array are not values of a field; null is one.
///
/// Rules for arrays:
/// - An array matches if one of its elements does; arrays in arrays count as one array.
/// - Fields inside an array of objects must match in the same element ("array consistency").
/// - `{"exists": false}` applies to the element in which the other fields match; if there are no others, to all
///   elements.
///
/// Differences from EventBridge: `cidr` accepts `/32` and `/128`; a second condition for the same field in a
/// combination is an error where Event Ruler keeps the last one; event numbers beyond ±5e9 are compared, too. Event Ruler
/// also joins names by dots, compares strings that are IP addresses as addresses, and lets the order of names decide to
/// which element `{"exists": false}` applies; this type does none of these.
///
/// Cost of matching: event size × pattern size × combinations of `$or`.
package struct EventPattern: Sendable {
    /// The maximum nesting of objects, including those of `$or`. Bounds the recursion of parsing and matching.
    static let maximumDepth = 32
    /// The maximum number of values in all lists together.
    static let maximumValues = 1_000
    /// The maximum number of combinations that all `$or` lists allow together; EventBridge's limit.
    static let maximumCombinations = 1_000
    /// The maximum number of fields in all combinations together.
    static let maximumFields = 10_000
    /// The maximum length of a name or string in bytes; EventBridge's limit on a whole pattern.
    static let maximumTextLength = 4_096

    /// The combinations that `$or` allows, at least one.
    let combinations: [EventPatternNode]

    /// Parses a pattern. Names are read in byte order, so that equal patterns give the same error.
    ///
    /// - Throws: ``EventPatternError`` for the first error.
    package init(_ json: JSON) throws(EventPatternError) {
        var parser = EventPatternParser()
        combinations = try parser.parse(json)
    }

    /// Whether an event matches. Only an object can match.
    package func matches(_ event: JSON) -> Bool {
        guard case .object(let members) = event else { return false }
        return combinations.contains { $0.outcome(for: members) != .mismatch }
    }
}
