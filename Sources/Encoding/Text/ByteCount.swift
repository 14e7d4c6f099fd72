/// Parses sizes in bytes.
package enum ByteCount {
    private static let units: KeyValuePairs = ["KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40]

    /// Parses a number of bytes, with or without a unit: `268435456`, `256MiB`; nil for anything else.
    package static func read(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...15).contains(digits.utf8.count), let number = Int(digits) else { return nil }
        let unit = text.dropFirst(digits.count)
        if unit.isEmpty { return number }
        guard let shift = units.first(where: { $0.key == unit })?.value else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : bytes
    }
}
