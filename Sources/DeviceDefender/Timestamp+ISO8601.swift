extension Timestamp {
    /// The time as `YYYY-MM-DDTHH:MM:SS.mmmZ`, a format that Security Hub accepts.
    public var iso8601: String {
        let time = CivilTime(self)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Self.append(time.year, digits: 4, then: "-", to: &text)
        Self.append(time.month, digits: 2, then: "-", to: &text)
        Self.append(time.day, digits: 2, then: "T", to: &text)
        Self.append(time.hour, digits: 2, then: ":", to: &text)
        Self.append(time.minute, digits: 2, then: ":", to: &text)
        Self.append(time.second, digits: 2, then: ".", to: &text)
        Self.append(time.millisecond, digits: 3, then: "Z", to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Parses `YYYY-MM-DDTHH:MM:SS`, optionally a fraction of one to nine digits (truncated to milliseconds), and `Z`
    /// or an offset of at most 18 hours (`+HH:MM` or `+HHMM`); nil for anything else and out of range.
    public init?(iso8601 text: some StringProtocol) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2),
            reader.skip("-"), let day = reader.number(digits: 2), reader.skip("T"),
            let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"), let second = reader.number(digits: 2), let millisecond = reader.fraction(),
            let offset = reader.offsetMinutes(), reader.isAtEnd
        else { return nil }
        let time = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, millisecond: millisecond)
        guard let timestamp = time.timestamp(offsetMinutes: offset) else { return nil }
        self = timestamp
    }

    /// - Parameter value: not negative, with at most `digits` digits.
    private static func append(_ value: Int, digits: Int, then end: Unicode.Scalar, to text: inout [UInt8]) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / unit % 10))
            unit /= 10
        }
        text.append(UInt8(ascii: end))
    }
}

/// Parses fixed-width decimal fields from ASCII text.
private struct DigitReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = ArraySlice(text.utf8) }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func digit() -> Int? {
        guard let first = rest.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else { return nil }
        rest.removeFirst()
        return Int(first - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// The milliseconds of a fraction, 0 if there is none, nil if it is malformed.
    mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        var value = 0
        var count = 0
        while count <= 9, let digit = digit() {
            count += 1
            if count <= 3 { value = value * 10 + digit }
        }
        guard (1...9).contains(count) else { return nil }
        for _ in 0..<max(0, 3 - count) { value *= 10 }
        return value
    }

    mutating func offsetMinutes() -> Int? {
        if skip("Z") { return 0 }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2) else { return nil }
        _ = skip(":")
        guard let minutes = number(digits: 2), minutes < 60, hours * 60 + minutes <= 18 * 60 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
