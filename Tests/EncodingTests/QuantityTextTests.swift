import Encoding
import Testing

@Suite("Texts of ages and sizes") struct QuantityTextTests {
    @Test(
        "An age is printed with its two largest units",
        arguments: [
            (0, "0s"), (-5000, "0s"), (7999, "7s"), (60_000, "1m 0s"), (3_599_000, "59m 59s"), (3_600_000, "1h 0m"),
            (90_061_000, "1d 1h"), (864_000_000, "10d 0h"),
        ] as [(Int64, String)])
    func age(milliseconds: Int64, text: String) {
        #expect(AgeText.text(.milliseconds(milliseconds)) == text)
    }

    @Test(
        "A size is a number of bytes with or without a binary unit",
        arguments: [
            ("268435456", 268_435_456), ("256MiB", 268_435_456), ("1KiB", 1024), ("3GiB", 3 << 30), ("1TiB", 1 << 40),
            ("", nil), ("MiB", nil), ("1MB", nil), ("1 MiB", nil), ("-1", nil), ("999999999999999TiB", nil),
        ] as [(String, Int?)])
    func size(text: String, bytes: Int?) {
        #expect(ByteCount.read(text) == bytes)
    }
}
