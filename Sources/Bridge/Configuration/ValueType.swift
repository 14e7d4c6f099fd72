import Encoding
import JSON

/// The type of a key's values: how their text is read, and how help and errors describe them.
struct ValueType<Value: Sendable>: Sendable {
    /// The form of a value for help texts, for example `HOST:PORT`.
    let placeholder: String
    /// The accepted values for help texts, for example `from 1m to 24h`; empty if the help describes them itself.
    let range: String
    /// A noun phrase for the error: "Use \(expected)." `{example}` stands for the key's default.
    let expected: String
    /// The JSON Schema of a value in a file.
    let schema: ValueSchema
    /// Reads a value.
    let read: @Sendable (_ text: String) throws(InvalidValueError) -> Value

    /// Creates a type whose values need more than one kind of error.
    init(
        _ placeholder: String, range: String = "", expected: String = "", schema: ValueSchema = .text,
        read: @escaping @Sendable (_ text: String) throws(InvalidValueError) -> Value
    ) {
        self.placeholder = placeholder
        self.range = range
        self.expected = expected
        self.schema = schema
        self.read = read
    }

    /// Creates a type.
    ///
    /// - Parameter parse: parses a text; nil if it is invalid.
    init(
        _ placeholder: String, range: String = "", expected: String, schema: ValueSchema = .text,
        parse: @escaping @Sendable (_ text: String) -> Value?
    ) {
        self.init(placeholder, range: range, expected: expected, schema: schema) { text throws(InvalidValueError) in
            guard let value = parse(text) else { throw .unexpected(text) }
            return value
        }
    }
}

/// A text that is not a value of its key's type.
enum InvalidValueError: Error {
    /// The text, or this entry of a list, is not what the type expects.
    case unexpected(String)
    /// Another problem, without a secret's value, and a sentence that says what to do.
    case problem(String)
    /// The problems of several entries of a list.
    indirect case several([InvalidValueError])
}

extension ValueType where Value == String {
    /// Any text.
    static func text(_ placeholder: String) -> Self {
        ValueType(placeholder) { text throws(InvalidValueError) in text }
    }
}

extension ValueType where Value == String {
    /// A text with a number of characters, one of which is no white space.
    static func text(_ length: ClosedRange<Int>) -> Self {
        let range = "\(length.lowerBound) to \(length.upperBound) characters"
        return ValueType("TEXT", range: range, expected: "\(range), not only spaces", schema: .text(length, "\\S")) {
            text in
            length.contains(text.unicodeScalars.count) && !text.allSatisfy(\.isWhitespace) ? text : nil
        }
    }
}

extension ValueType where Value == Bool {
    /// A boolean in any spelling of YAML's core schema.
    static var boolean: Self {
        ValueType("BOOLEAN", expected: "true or false", schema: .boolean) { CoreSchema.boolean($0) }
    }
}

extension ValueType where Value == Int {
    /// A whole number in any notation of YAML's core schema.
    static func number(_ range: ClosedRange<Int>) -> Self {
        let (lowest, highest) = ("\(range.lowerBound)", "\(range.upperBound)")
        return quantity(
            "NUMBER", "a whole number", from: lowest, to: highest,
            schema: .number(isWhole: true, from: lowest, to: highest)
        ) {
            CoreSchema.integer($0)
        }
    }

    /// A size with or without a binary unit, in bytes.
    static func size(from lowest: String, to highest: String) -> Self {
        quantity(
            "BYTES", "a size", from: lowest, to: highest, hasExample: true,
            schema: .wholeNumber(orText: "^[0-9]{1,15}([KMGT]iB)?$")
        ) { ByteCount.read($0) }
    }
}

extension ValueType where Value == Double {
    /// A number with or without a fraction.
    static func decimal(from lowest: String, to highest: String) -> Self {
        quantity(
            "NUMBER", "a number", from: lowest, to: highest, schema: .number(isWhole: false, from: lowest, to: highest)
        ) {
            CoreSchema.integer($0).map(Double.init) ?? Double($0)
        }
    }
}

extension ValueType where Value == Duration {
    /// A duration with a unit.
    static func duration(from lowest: String, to highest: String) -> Self {
        quantity(
            "DURATION", "a duration", from: lowest, to: highest, hasExample: true,
            schema: .text("^[0-9]{1,9}(ms|s|m|h|d)$")
        ) { Duration($0) }
    }
}

extension ValueType {
    /// A value from `lowest` to `highest`, which are written as in a configuration and so shown in help and errors.
    private static func quantity(
        _ placeholder: String, _ noun: String, from lowest: String, to highest: String, hasExample: Bool = false,
        schema: ValueSchema, parse: @escaping @Sendable (_ text: String) -> Value?
    ) -> Self where Value: Comparable {
        let range = "from \(lowest) to \(highest)"
        let example = hasExample ? ", for example {example}" : ""
        return ValueType(placeholder, range: range, expected: "\(noun) \(range)\(example)", schema: schema) { text in
            guard let value = parse(text), let lowest = parse(lowest), let highest = parse(highest),
                lowest <= value, value <= highest
            else { return nil }
            return value
        }
    }

    /// A value of another type, or `off` in any case for nil.
    static func orOff<Wrapped>(_ type: ValueType<Wrapped>) -> Self where Value == Wrapped? {
        ValueType(
            type.placeholder + "|off", range: type.range, expected: type.expected + ", or off",
            schema: .alternatives(.words(["off"]), type.schema)
        ) {
            text throws(InvalidValueError) in
            text.lowercased() == "off" ? nil : try type.read(text)
        }
    }

    /// A comma-separated list of values of another type; empty entries are ignored.
    static func list<Element>(of type: ValueType<Element>) -> Self where Value == [Element] {
        ValueType(
            type.placeholder + ",…", range: type.range, expected: type.expected, schema: .list(of: type.schema)
        ) { text throws(InvalidValueError) in
            var (values, errors): ([Element], [InvalidValueError]) = ([], [])
            for entry in text.listEntries {
                do throws(InvalidValueError) { values.append(try type.read(entry)) } catch { errors.append(error) }
            }
            guard errors.isEmpty else { throw .several(errors) }
            return values
        }
    }

    /// One of several words, in any case.
    ///
    /// - Parameters:
    ///   - placeholder: the form of a value for help texts.
    ///   - words: the words with their values.
    ///   - synonyms: accepted words that help and errors do not list.
    static func word(
        _ placeholder: String, _ words: [(name: String, value: Value)], synonyms: [String: Value] = [:]
    ) -> Self {
        let names = words.map(\.name)
        let values = Dictionary(words) { first, _ in first }.merging(synonyms) { first, _ in first }
        let choice = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
        return ValueType(
            placeholder, range: choice,
            expected: names.count > 2 ? "one of " + names.joined(separator: ", ") : choice,
            schema: .words((names + synonyms.keys.sorted()).map(JSON.string))
        ) { values[$0.lowercased()] }
    }
}
