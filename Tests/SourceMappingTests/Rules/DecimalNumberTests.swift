import Testing

@testable import SourceMapping

@Suite("Decimal numbers")
struct DecimalNumberTests {
    @Test(
        "numbers of equal value are equal",
        arguments: [("1", "1.0"), ("1", "10e-1"), ("0", "-0.00e7"), ("007", "7"), ("1E+2", "100"), ("-1.50", "-1.5")])
    func equal(left: String, right: String) throws {
        let (left, right) = (try #require(DecimalNumber(left)), try #require(DecimalNumber(right)))
        #expect(left == right && !(left < right) && !(right < left))
    }

    @Test("numbers are ordered by value")
    func order() throws {
        let texts = [
            "-1e999999999", "-1e400", "-10.01", "-10", "-9.99", "-0.1", "-1e-400", "0", "1e-400", "0.1", "0.11",
            "0.2", "1",
            "9.99", "10", "10.0000000000000000000000000000001", "11", "99", "100", "1e400", "1e999999999",
        ]
        let numbers = try texts.map { try #require(DecimalNumber($0)) }
        for (index, number) in numbers.enumerated() {
            for (other, larger) in numbers.enumerated() {
                #expect((number < larger) == (index < other), "\(texts[index])")
            }
        }
    }

    @Test(
        "a number is scaled to the whole part of its product, or to the nearest value that fits",
        arguments: [
            ("1.9999", 3, 1999), ("1.9999", 0, 1), ("0.0009", 3, 0), ("-1.9999", 3, -1999), ("1e3", 0, 1000),
            ("5e-1", 0, 0),
            ("12e-5", 0, 0), ("9223372036854775807", 0, .max), ("9223372036854775808", 0, .max), ("1e999999", 3, .max),
            ("-1e999999", 3, -.max), ("1e-999999", 3, 0), ("1e18", 0, 1_000_000_000_000_000_000), ("1e19", 0, .max),
            ("0", 3, 0),
        ] as [(String, Int, Int64)])
    func scaled(text: String, power: Int, expected: Int64) throws {
        #expect(try #require(DecimalNumber(text)).scaled(byPowerOfTen: power) == expected)
    }

    @Test("an exponent has a limit, digits have none")
    func limits() throws {
        let nines = String(repeating: "9", count: 62)
        #expect(DecimalNumber("1e1000000000") != nil)
        #expect(DecimalNumber("1e1000000001") == nil)
        #expect(DecimalNumber("1e\(nines)") == nil)
        #expect(DecimalNumber("1e-\(nines)") == nil)
        #expect(try #require(DecimalNumber(String(repeating: "1", count: 1000))).scaled(byPowerOfTen: 3) == .max)
        #expect(DecimalNumber("1e-1000000000")?.scaled(byPowerOfTen: 3) == 0)
        #expect(DecimalNumber("") == nil)
    }
}
