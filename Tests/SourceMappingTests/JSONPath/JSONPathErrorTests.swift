import JSON
import Testing

@testable import SourceMapping

@Suite("JSONPath: errors")
struct JSONPathErrorTests {
    struct Rejection: CustomTestStringConvertible, Sendable {
        let path: String
        let column: Int
        let message: String
        var testDescription: String { path.debugDescription }

        init(_ path: String, _ column: Int, _ problem: String, _ fix: String) {
            (self.path, self.column, message) = (path, column, "\(problem). \(fix).")
        }
    }

    private func expect(_ rejection: Rejection) {
        do {
            _ = try JSONPath(parsing: rejection.path)
            Issue.record("\(rejection.path) was accepted")
        } catch {
            #expect(error.column == rejection.column)
            #expect("\(error.problem). \(error.fix)" == rejection.message)
            #expect(error.description == "Invalid JSONPath at column \(rejection.column): \(rejection.message)")
        }
    }

    @Test(
        "a feature of RFC 9535 that is not supported has an error of its own",
        arguments: [
            Rejection("$..a", 2, "Searching all levels with .. is not supported", "Write the full path, such as $.a.b"),
            Rejection(
                "$.*", 2, "The wildcard .* is not supported, because members have no order",
                "Write [*] for the elements of an array"),
            Rejection(
                "$[0:2]", 4, "Slices such as [0:2] are not supported", "Write [0] for one element, or [*] for all"),
            Rejection(
                "$[:2]", 3, "Slices such as [0:2] are not supported", "Write [0] for one element, or [*] for all"),
            Rejection(
                "$['a','b']", 6, "Several selectors in one bracket are not supported",
                "Write one name, index, * or filter"),
            Rejection(
                "$[?@.a]", 7, "Testing whether a value exists is not supported", "Compare it, such as [?@.name == true]"
            ),
            Rejection("$[?@.a < 1]", 8, "Comparing with < or > is not supported", "Write == or !="),
            Rejection("$[?@.a >= 1]", 8, "Comparing with < or > is not supported", "Write == or !="),
            Rejection(
                "$[?@.a == 1 && @.b == 2]", 13, "Combining comparisons with && or || is not supported",
                "Write one comparison in a filter"),
            Rejection(
                "$[?@.a || @.b]", 8, "Combining comparisons with && or || is not supported",
                "Write one comparison in a filter"),
            Rejection("$[?(@.a == 1)]", 4, "Parentheses in a filter are not supported", "Remove them"),
            Rejection("$[?!@.a]", 4, "The operator ! is not supported", "Compare with !="),
            Rejection(
                "$[?length(@.a) == 1]", 4, "Functions such as length() are not supported",
                "Compare a value, such as [?@.name == 'text']"),
            Rejection(
                "$[?@.a == value(@.b)]", 11, "Functions such as length() are not supported",
                "Compare a value, such as [?@.name == 'text']"),
            Rejection(
                "$.a.length()", 5, "Functions such as length() are not supported",
                "Compare a value, such as [?@.name == 'text']"),
            Rejection(
                "$[?@.a == @.b]", 11, "Comparing two values of the document is not supported", "Compare with a literal"),
            Rejection(
                "$[?$.a == 1]", 4, "A filter compares a value of the element, not of the document",
                "Write @ instead of $"),
            Rejection("$[?1 == @.a]", 4, "A filter begins with @", "Write a comparison such as [?@.name == 'text']"),
            Rejection(
                "$[?@[*] == 1]", 6, "A filter compares one value, but this selects several",
                "Write a name or an index, such as [0]"),
            Rejection(
                "$[?@[?@.a == 1] == 1]", 6, "A filter compares one value, but this selects several",
                "Write a name or an index, such as [0]"),
            Rejection(
                "$[(@.length-1)]", 3, "Scripts such as [(@.length-1)] are not supported",
                "Write [-1] for the last element"),
        ])
    func unsupported(rejection: Rejection) { expect(rejection) }

    @Test(
        "a mistake is reported with its column and what to write instead",
        arguments: [
            Rejection("", 1, "The path is empty", "Write $ for the whole value, or $.name for a member"),
            Rejection(" $", 1, "The path begins with white space", "Remove it"),
            Rejection("name", 1, "A path begins with $", "Write $.name for a member"),
            Rejection("@.name", 1, "@ is valid only in a filter", "Begin the path with $"),
            Rejection("$ ", 2, "The path ends with white space", "Remove it"),
            Rejection("$.ä  ", 4, "The path ends with white space", "Remove it"),
            Rejection(
                "$name", 2, "Neither a dot nor a bracket follows",
                "Write .name for a member, [0] for an element or [*] for all"),
            Rejection(
                "$.a b", 5, "Neither a dot nor a bracket follows",
                "Write .name for a member, [0] for an element or [*] for all"),
            Rejection("$.", 2, "A name is missing after the dot", "Write .name"),
            Rejection("$. a", 3, "White space follows the dot", "Remove it"),
            Rejection("$.[0]", 2, "A dot precedes a bracket", "Remove the dot"),
            Rejection("$.'a'", 2, "A name in quotes follows a dot", "Write ['name'] without a dot"),
            Rejection(
                "$.x-y.z", 4, "A name after a dot has only letters, digits and _", "Write ['x-y'] instead of .x-y"),
            Rejection(
                "$.ä.é-1", 6, "A name after a dot has only letters, digits and _", "Write ['é-1'] instead of .é-1"),
            Rejection(
                "$.a'b", 4, "A name after a dot has only letters, digits and _", "Write ['name'] instead of .name"),
            Rejection("$.0", 3, "A name after a dot begins with a letter or _", "Write ['0'] instead of .0"),
            Rejection("$.-", 3, "A name after a dot begins with a letter or _", "Write ['-'] instead of .-"),
            Rejection(
                "$[?@.x-y == 1]", 7, "A name after a dot has only letters, digits and _",
                "Write ['x-y'] instead of .x-y"),
            Rejection("$[?@.x=-1]", 7, "A single = is not a comparison", "Write =="),
            Rejection("$[", 3, "The bracket is not closed", "Write ['name'], [0], [*] or a filter"),
            Rejection("$[0", 4, "The bracket is not closed", "Write ]"),
            Rejection("$[]", 3, "The bracket is empty", "Write ['name'], [0], [*] or a filter"),
            Rejection("$[name]", 3, "Unexpected text in the bracket", "Put a name in quotes, such as ['name']"),
            Rejection("$[@.a]", 3, "A bracket cannot contain a path", "Write a filter, such as [?@.name == 'text']"),
            Rejection("$[0x]", 4, "Unexpected text follows in the bracket", "Write ] here, or put a name in quotes"),
            Rejection(
                "$[01]", 3, "An index has no leading zeros, and -0 does not exist", "Write [0] or [-1], for example"),
            Rejection(
                "$[-0]", 3, "An index has no leading zeros, and -0 does not exist", "Write [0] or [-1], for example"),
            Rejection("$[-]", 4, "A digit must follow the minus sign", "Write [-1] for the last element"),
            Rejection("$[9007199254740992]", 3, "The index is out of range", "Write an index from 0, or from -1 down"),
            Rejection(
                "$[-99999999999999999999]", 3, "The index is out of range", "Write an index from 0, or from -1 down"),
            Rejection("$['a", 3, "The string is not closed", "Write ' at its end"),
            Rejection("$[\"a']", 3, "The string is not closed", "Write \" at its end"),
            Rejection("$['a\\", 5, "The string ends within an escape", "Write \\\\ for a backslash"),
            Rejection(
                "$['a\tb']", 5, "A string contains a control character", "Write an escape such as \\t or \\u0009"),
            Rejection(
                "$['a\u{0}b']", 5, "A string contains a control character", "Write an escape such as \\t or \\u0009"),
            Rejection(
                #"$['\x']"#, 4, #"The escape is not defined"#,
                #"Write \\ for a backslash; escape only the quotes that enclose the string"#),
            Rejection(
                #"$['\"']"#, 4, #"The escape is not defined"#,
                #"Write \\ for a backslash; escape only the quotes that enclose the string"#),
            Rejection(
                #"$['\u12']"#, 4, #"The escape is not a Unicode character"#,
                #"Write \u and four hexadecimal digits, such as \u00e9"#),
            Rejection(
                #"$['\uD800']"#, 4, #"The escape is not a Unicode character"#,
                #"Write \u and four hexadecimal digits, such as \u00e9"#),
            Rejection(
                #"$['\uDC00\uD800']"#, 4, #"The escape is not a Unicode character"#,
                #"Write \u and four hexadecimal digits, such as \u00e9"#),
            Rejection(
                #"$['\uD800\u0041']"#, 4, #"The escape is not a Unicode character"#,
                #"Write \u and four hexadecimal digits, such as \u00e9"#),
            Rejection("$[?]", 4, "A filter begins with @", "Write a comparison such as [?@.name == 'text']"),
            Rejection("$[?@.a", 7, "The filter is not complete", "Write == or != and a literal, and close it with ]"),
            Rejection("$[?@.a == 1", 12, "The bracket is not closed", "Write ]"),
            Rejection(
                "$[?@.a ==]", 10, "A literal is missing after the operator",
                "Write a string in quotes, a number, true, false or null"),
            Rejection(
                "$[?@.a == PLC]", 11, "The text on the right is not a literal",
                "Write a string in quotes, a number, true, false or null"),
            Rejection(
                "$[?@.a == True]", 11, "The text on the right is not a literal",
                "Write a string in quotes, a number, true, false or null"),
            Rejection(
                "$[?@.a === 1]", 10, "A literal is missing after the operator",
                "Write a string in quotes, a number, true, false or null"),
            Rejection("$[?@.a == 1 == 1]", 13, "A second operator follows", "Write one comparison in a filter"),
            Rejection("$[?@.a == 1)]", 12, "Parentheses in a filter are not supported", "Remove them"),
            Rejection("$[?@.a in 'x']", 8, "A comparison is missing after the path", "Write == or !="),
            Rejection(
                "$[?@.a == [1]]", 11, "Arrays and objects cannot be compared", "Compare a member or an element of them"),
            Rejection(
                "$[?@.a == {}]", 11, "Arrays and objects cannot be compared", "Compare a member or an element of them"),
            Rejection("$[?@[ 0] == 1]", 6, "White space is not allowed in a bracket in a filter", "Remove it"),
            Rejection("$[?@[0 ] == 1]", 7, "White space is not allowed in a bracket in a filter", "Remove it"),
            Rejection("$[?@.a == 01]", 11, "The number is malformed", "Write it as in JSON, such as 10, -1.5 or 1e3"),
            Rejection("$[?@.a == 1.]", 11, "The number is malformed", "Write it as in JSON, such as 10, -1.5 or 1e3"),
            Rejection("$[?@.a == 1e]", 11, "The number is malformed", "Write it as in JSON, such as 10, -1.5 or 1e3"),
            Rejection("$[?@.a == -]", 11, "The number is malformed", "Write it as in JSON, such as 10, -1.5 or 1e3"),
            Rejection(
                "$[?@.a == 1e1000000001]", 11, "The number is too long, or its exponent is too large", "Shorten it"),
        ])
    func mistake(rejection: Rejection) { expect(rejection) }

    @Test("a path that is too long or has too many segments is rejected")
    func limits() {
        expect(
            Rejection(
                "$." + String(repeating: "a", count: 1023), 1, "The path is longer than 1024 bytes",
                "Write a shorter path"))
        #expect(throws: Never.self) { try JSONPath(parsing: "$." + String(repeating: "a", count: 1022)) }
        expect(
            Rejection(
                "$" + String(repeating: "[0]", count: 33), 98, "The path has more than 32 segments",
                "Write a shorter path"))
        expect(
            Rejection(
                "$[?@" + String(repeating: "[0]", count: 33) + "== 1]", 101, "The path has more than 32 segments",
                "Write a shorter path"))
        #expect(throws: Never.self) { try JSONPath(parsing: "$[?@" + String(repeating: "[0]", count: 32) + "== 1]") }
    }
}
