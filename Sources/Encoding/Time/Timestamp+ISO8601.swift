extension Timestamp {
    /// What a parser of ISO 8601 accepts besides `YYYY-MM-DDTHH:MM:SS`, a fraction and `Z`.
    public struct ISO8601Options: OptionSet, Sendable {
        /// The options as bits.
        public let rawValue: Int

        /// Makes options from bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// An offset of at most 18 hours instead of `Z`: `+HH:MM`.
        public static let offset = ISO8601Options(rawValue: 1 << 0)
        /// An offset of at most 18 hours instead of `Z`: `+HHMM`.
        public static let compactOffset = ISO8601Options(rawValue: 1 << 1)
        /// A space instead of `T`.
        public static let space = ISO8601Options(rawValue: 1 << 2)
        /// `UTC` or nothing instead of `Z`.
        public static let missingZone = ISO8601Options(rawValue: 1 << 3)
        /// Second 60, which counts as the first second of the next minute.
        public static let leapSecond = ISO8601Options(rawValue: 1 << 4)
    }

    /// The time as `YYYY-MM-DDTHH:MM:SS.mmmZ`, a format that Security Hub accepts.
    public var iso8601: String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        writeISO8601(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends ``iso8601`` as bytes.
    public func writeISO8601(to text: inout [UInt8]) {
        let time = CivilTime(self)
        Self.append(time.year, digits: 4, then: "-", to: &text)
        Self.append(time.month, digits: 2, then: "-", to: &text)
        Self.append(time.day, digits: 2, then: "T", to: &text)
        Self.append(time.hour, digits: 2, then: ":", to: &text)
        Self.append(time.minute, digits: 2, then: ":", to: &text)
        Self.append(time.second, digits: 2, then: ".", to: &text)
        Self.append(time.millisecond, digits: 3, then: "Z", to: &text)
    }

    /// The time as `YYYY-MM-DDTHH:MM:SSZ`, rounded down to seconds.
    public var iso8601Seconds: String { iso8601.prefix(19) + "Z" }

    /// Parses ISO 8601: `YYYY-MM-DDTHH:MM:SS`, optionally a fraction of one to nine digits (truncated to milliseconds),
    /// and `Z`; nil for anything else, for dates that do not exist and out of range.
    ///
    /// - Parameter options: what else is accepted.
    public init?(iso8601 text: some StringProtocol, accepting options: ISO8601Options = [.offset, .compactOffset]) {
        guard let (timestamp, _) = Self.parse(iso8601: text, accepting: options) else { return nil }
        self = timestamp
    }

    /// Parses ISO 8601 like ``init(iso8601:accepting:)``, without truncating the fraction.
    ///
    /// - Returns: the time, and the nanoseconds that its millisecond had passed by, from 0 to 999,999.
    public static func parse(
        iso8601 text: some StringProtocol, accepting options: ISO8601Options
    ) -> (timestamp: Timestamp, nanoseconds: Int)? {
        var reader = TextReader(text)
        guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2),
            reader.skip("-"), let day = reader.number(digits: 2),
            reader.skip("T") || options.contains(.space) && reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"), let second = reader.number(digits: 2), let fraction = reader.nanoseconds(),
            let offset = reader.offsetMinutes(options), reader.isAtEnd
        else { return nil }
        let time = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second,
            millisecond: fraction / 1_000_000)
        return time.timestamp(offsetMinutes: offset, acceptsLeapSecond: options.contains(.leapSecond))
            .map { ($0, fraction % 1_000_000) }
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

extension TextReader {
    /// The nanoseconds of a fraction of a second, 0 if there is none, nil if it is malformed.
    fileprivate mutating func nanoseconds() -> Int? {
        guard skip(".") else { return 0 }
        var value = 0
        var count = 0
        while count <= 9, let digit = digit() {
            count += 1
            if count <= 9 { value = value * 10 + digit }
        }
        guard (1...9).contains(count) else { return nil }
        for _ in count..<9 { value *= 10 }
        return value
    }

    /// The offset from UTC.
    fileprivate mutating func offsetMinutes(_ options: Timestamp.ISO8601Options) -> Int? {
        if skip("Z") { return 0 }
        if options.contains(.missingZone), isAtEnd || skip("UTC") { return 0 }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2), options.contains(skip(":") ? .offset : .compactOffset),
            let minutes = number(digits: 2), minutes < 60, hours * 60 + minutes <= 18 * 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
