import Encoding
import TestSupport
import Testing

@Suite("Percent-encoding")
struct PercentEncodingTests {
    private static let unreserved = "ABCXYZabcxyz0189-._~"

    @Test("all but unreserved characters are encoded")
    func encode() {
        #expect(PercentEncoding.encode(Self.unreserved) == Self.unreserved)
        #expect(PercentEncoding.encode("a b/ü%") == "a%20b%2F%C3%BC%25")
        #expect(PercentEncoding.encode("a b/ü%") { $0 != UInt8(ascii: "%") && $0 < 0x80 } == "a b/%C3%BC%25")
        #expect(PercentEncoding.encode(bytes: [0, 0x0F, 0xFF]) == "%00%0F%FF")
    }

    @Test("random bytes round-trip")
    func roundTrip() {
        var generator = SeededGenerator(seed: 4)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(PercentEncoding.decode(PercentEncoding.encode(bytes: bytes).utf8) == bytes)
            #expect(PercentEncoding.decode(PercentEncoding.encode(bytes: bytes).utf8, plusIsSpace: true) == bytes)
        }
    }

    @Test("digits of either case are decoded, and a plus sign on request only")
    func decode() {
        #expect(PercentEncoding.decode("%c3%BC+".utf8) == Array("ü+".utf8))
        #expect(PercentEncoding.decode("%c3%BC+%2B".utf8, plusIsSpace: true) == Array("ü +".utf8))
        #expect(PercentEncoding.decode("".utf8) == [])
    }

    @Test("an incomplete or invalid sequence is rejected", arguments: ["%", "%4", "a%", "%G0", "%0G", "%%41", "%+1"])
    func rejected(text: String) {
        #expect(PercentEncoding.decode(text.utf8) == nil)
        #expect(PercentEncoding.decode(text.utf8, plusIsSpace: true) == nil)
    }
}
