import JSON

/// The JSON Schema of a value in a YAML file (JSON Schema 2020-12). Stricter than the reader where that helps an editor: a
/// number is not written as text.
struct ValueSchema: Sendable, Hashable {
    private enum Form: Sendable, Hashable {
        /// A value of one of these types; the members apply to those that they concern.
        case types([String])
        /// One of these values.
        case words([JSON])
        /// A value of one of these schemas.
        case alternatives([ValueSchema])
    }

    private let form: Form
    private let members: JSON.Members

    private init(_ form: Form, _ members: JSON.Members = [:]) {
        self.form = form
        self.members = members
    }

    /// Any text.
    static let text = ValueSchema(.types(["string"]))
    static let boolean = ValueSchema(.types(["boolean"]))

    /// A text that matches a regular expression.
    static func text(_ pattern: String) -> ValueSchema {
        ValueSchema(.types(["string"]), ["pattern": .string(pattern)])
    }

    /// A text of a length in characters.
    static func text(_ length: ClosedRange<Int>, _ pattern: String) -> ValueSchema {
        ValueSchema(
            .types(["string"]),
            [
                "pattern": .string(pattern), "minLength": .integer(length.lowerBound),
                "maxLength": .integer(length.upperBound),
            ])
    }

    /// A whole number, or a text that matches a regular expression.
    static func wholeNumber(orText pattern: String) -> ValueSchema {
        ValueSchema(.types(["integer", "string"]), ["pattern": .string(pattern)])
    }

    /// A number from `lowest` to `highest`, in JSON's grammar.
    static func number(isWhole: Bool, from lowest: String, to highest: String) -> ValueSchema {
        ValueSchema(
            .types([isWhole ? "integer" : "number"]), ["minimum": .number(lowest), "maximum": .number(highest)])
    }

    static func words(_ words: [JSON]) -> ValueSchema { ValueSchema(.words(words)) }

    static func alternatives(_ schemas: ValueSchema...) -> ValueSchema { ValueSchema(.alternatives(schemas)) }

    /// A list, as YAML or as a text with commas. A single value is one, too.
    static func list(of element: ValueSchema, atMost count: Int? = nil) -> ValueSchema {
        var members: JSON.Members = ["items": element.json()]
        if let count { members["maxItems"] = .integer(count) }
        guard case .types(let types) = element.form else { return ValueSchema(.types(["array", "string"]), members) }
        return ValueSchema(.types(["array"] + (types.contains("string") ? types : types + ["string"])), members)
    }

    /// A YAML list with at least one element.
    static func elements(_ element: ValueSchema, orValue isOrValue: Bool = false, atMost count: Int? = nil)
        -> ValueSchema
    {
        var members: JSON.Members = ["items": element.json(), "minItems": 1]
        if let count { members["maxItems"] = .integer(count) }
        guard isOrValue, case .types(let types) = element.form else { return ValueSchema(.types(["array"]), members) }
        return ValueSchema(.types(["array"] + types), members.merging(element.members) { first, _ in first })
    }

    /// An object with at least one member.
    static let object = ValueSchema(.types(["object"]), ["minProperties": 1])

    /// The same for `null`, too, which unsets a key.
    var nullable: ValueSchema {
        switch form {
        case .types(let types): ValueSchema(.types(types + ["null"]), members)
        case .words(let words): ValueSchema(.words(words + [.null]), members)
        case .alternatives(let schemas):
            ValueSchema(.alternatives(schemas + [ValueSchema(.types(["null"]))]), members)
        }
    }

    /// The schema as JSON.
    ///
    /// - Parameter description: what an editor shows for the key.
    func json(description: String? = nil) -> JSON {
        var members = members
        switch form {
        case .types(let types): members["type"] = types.count == 1 ? .string(types[0]) : .array(types.map(JSON.string))
        case .words(let words): members["enum"] = .array(words)
        case .alternatives(let schemas): members["anyOf"] = .array(schemas.map { $0.json() })
        }
        members["description"] = description.map(JSON.string)
        return .object(members)
    }
}
