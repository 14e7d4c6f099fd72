import JSON

/// One step of a path, from a node to some of its children.
enum JSONPathSegment: Sendable {
    /// The member with this name, of an object.
    case name(UTF8Text)
    /// The element at this index, of an array; a negative index counts from the end.
    case index(Int)
    /// Every element of an array.
    case allElements
    /// The elements of an array for which a comparison is true.
    case filter(JSONPathFilter)

    /// The one child that a name or an index selects; nil if there is none, and for segments that select several.
    func child(of node: JSON) -> JSON? {
        switch (self, node) {
        case (.name(let name), .object(let members)): return members[name]
        case (.index(let index), .array(let elements)):
            let position = index < 0 ? elements.count + index : index
            guard elements.indices.contains(position) else { return nil }
            return elements[position]
        default: return nil
        }
    }

    /// Whether the segment selects an element of an array among others.
    func selects(_ element: JSON) -> Bool {
        switch self {
        case .allElements: true
        case .filter(let filter): filter.matches(element)
        case .name, .index: false
        }
    }

    /// Whether the segment can select several elements of an array.
    var selectsSeveral: Bool {
        switch self {
        case .allElements, .filter: true
        case .name, .index: false
        }
    }
}

/// A comparison of one value in an element with a literal (RFC 9535, section 2.3.5.2.2).
struct JSONPathFilter: Sendable {
    /// The value that an element's value is compared with.
    enum Literal: Sendable {
        case null
        case bool(Bool)
        case number(DecimalNumber)
        case string(UTF8Text)
    }

    /// Names and indices that lead from the element to the value.
    let path: [JSONPathSegment]
    /// Whether the operator is `==` rather than `!=`.
    let expectsEqual: Bool
    /// The right side of the comparison.
    let literal: Literal

    /// Whether the comparison is true for an element. A missing value is not equal to any literal.
    func matches(_ element: JSON) -> Bool {
        var value = element
        for segment in path {
            guard let child = segment.child(of: value) else { return !expectsEqual }
            value = child
        }
        return literal.equals(value) == expectsEqual
    }
}

extension JSONPathFilter.Literal {
    /// Whether a value is the same. Numbers are compared as decimal numbers, texts by their UTF-8 bytes.
    func equals(_ value: JSON) -> Bool {
        switch (self, value) {
        case (.null, .null): true
        case (.bool(let literal), .bool(let value)): literal == value
        case (.number(let literal), .number(let text)): DecimalNumber(text).map { $0 == literal } ?? false
        case (.string(let literal), .string(let text)): literal == UTF8Text(text)
        default: false
        }
    }
}
