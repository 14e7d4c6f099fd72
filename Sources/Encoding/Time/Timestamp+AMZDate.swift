extension Timestamp {
    /// The time as in the `X-Amz-Date` field of AWS Signature Version 4, for example `20261122T100000Z`.
    public var amzDate: String {
        let time = CivilTime(self)
        let parts = [time.month, time.day, time.hour, time.minute, time.second].map { $0.decimal(digits: 2) }
        return "\(time.year)\(parts[0])\(parts[1])T\(parts[2])\(parts[3])\(parts[4])Z"
    }

    /// Parses the `X-Amz-Date` field; nil for anything else.
    public init?(amzDate text: some StringProtocol) {
        var reader = TextReader(text)
        guard let year = reader.number(digits: 4), let month = reader.number(digits: 2),
            let day = reader.number(digits: 2), reader.skip("T"), let hour = reader.number(digits: 2),
            let minute = reader.number(digits: 2), let second = reader.number(digits: 2), reader.skip("Z"),
            reader.isAtEnd,
            let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
                .timestamp()
        else { return nil }
        self = time
    }
}
