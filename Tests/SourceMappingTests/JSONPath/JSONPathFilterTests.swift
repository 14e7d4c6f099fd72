import JSON
import Testing

@testable import SourceMapping

@Suite("JSONPath: filters")
struct JSONPathFilterTests {
    /// The positions of the elements for which a comparison is true.
    private func matches(_ comparison: String, in elements: String) throws -> [Int] {
        let elements = try #require(try JSON(parsing: elements).array)
        let path = try JSONPath(parsing: "$[?\(comparison)]")
        return elements.indices.filter { !path.nodes(in: [elements[$0]]).isEmpty }
    }

    @Test("a literal is equal to values of its own type only")
    func types() throws {
        let elements = #"["1", 1, true, null, "true", "null", [1], {"a": 1}, "", 0, false, []]"#
        #expect(try matches("@ == 1", in: elements) == [1])
        #expect(try matches("@ == '1'", in: elements) == [0])
        #expect(try matches("@ == true", in: elements) == [2])
        #expect(try matches("@ == null", in: elements) == [3])
        #expect(try matches("@ == 'true'", in: elements) == [4])
        #expect(try matches("@ == \"null\"", in: elements) == [5])
        #expect(try matches("@ == ''", in: elements) == [8])
        #expect(try matches("@ == 0", in: elements) == [9])
        #expect(try matches("@ == false", in: elements) == [10])
        #expect(try matches("@ != 1", in: elements) == [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    }

    @Test("a missing value equals nothing, not even null, so that != is true for it")
    func missing() throws {
        let elements = #"[{}, {"a": null}, {"a": 1}, 1, [], {"a": {"b": 1}}]"#
        #expect(try matches("@.a == null", in: elements) == [1])
        #expect(try matches("@.a != null", in: elements) == [0, 2, 3, 4, 5])
        #expect(try matches("@.a == 1", in: elements) == [2])
        #expect(try matches("@.a != 1", in: elements) == [0, 1, 3, 4, 5])
        #expect(try matches("@.a.b == 1", in: elements) == [5])
    }

    @Test("numbers are compared by value, however they are written")
    func numbers() throws {
        let elements = "[1, 1.0, 10e-1, 0.1E+1, 100e-2, 1.0000000000000000001, -1, 1000e-3]"
        for literal in ["1", "1.0", "1e0", "10E-1", "0.01e2"] {
            #expect(try matches("@ == \(literal)", in: elements) == [0, 1, 2, 3, 4, 7])
        }
        #expect(try matches("@ == -1", in: elements) == [6])
        let zeros = "[0, -0, 0.0, -0.00, 0e5, 0e-5, 1e-400]"
        #expect(try matches("@ == 0", in: zeros) == [0, 1, 2, 3, 4, 5])
        #expect(try matches("@ == -0", in: zeros) == [0, 1, 2, 3, 4, 5])
    }

    @Test("large integers and small fractions keep all of their digits")
    func precision() throws {
        let integers = "[9007199254740992, 9007199254740993, 9007199254740993.0, 90071992547409930e-1]"
        #expect(try matches("@ == 9007199254740993", in: integers) == [1, 2, 3])
        #expect(try matches("@ == 9007199254740992", in: integers) == [0])
        let id = "123456789012345678901234567890123456789"
        #expect(try matches("@ == \(id)0", in: "[\(id)0, \(id)1, \(id)e1]") == [0, 2])
        #expect(try matches("@ == 0.1", in: "[0.1, 0.10, 1e-1, 0.1000000000000000055511151231257827]") == [0, 1, 2])
        #expect(try matches("@ == 1e400", in: "[1e400, 1e401, 10e399]") == [0, 2])
    }

    @Test("a number whose exponent is beyond ±1,000,000,000 is not equal to any literal")
    func exponents() throws {
        let elements = "[1e1000000000, 10e1000000001, 1e99999999999999999999999999, 0e99999999999999999999999999]"
        #expect(try matches("@ == 1e1000000000", in: elements) == [0])
        #expect(try matches("@ == 0", in: elements) == [])
        #expect(try matches("@ != 0", in: elements) == [0, 1, 2, 3])
    }

    @Test("texts are compared by their bytes, without normalization")
    func texts() throws {
        let elements = #"["\u00e9", "e\u0301", "É", "e\u0301\u0000"]"#
        #expect(try matches("@ == 'é'", in: elements) == [0])
        #expect(try matches(#"@ == 'e\u0301'"#, in: elements) == [1])
        #expect(try matches(#"@ == 'e\u0301\u0000'"#, in: elements) == [3])
    }

    @Test("a text that is not a number has no value")
    func malformedNumbers() {
        for text in ["", "-", "a", "1a", ".5", "1e", "1ex", "1.2.3", "1-", "0x1", "NaN", "٣"] {
            #expect(DecimalNumber(text) == nil, "\(text)")
        }
        #expect(DecimalNumber("-0.50e1") == DecimalNumber("-5"))
        #expect(DecimalNumber("5") != DecimalNumber("-5"))
        #expect(DecimalNumber("5") != DecimalNumber("50"))
    }
}
