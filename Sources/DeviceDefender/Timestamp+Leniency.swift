package import JSON

extension Timestamp {
    /// Parses a date in any format that CloudTrail may use: the format of request parameters is undocumented.
    ///
    /// Accepts seconds or milliseconds since 1970 as a number or as text, ISO 8601, and the medium English format `Aug
    /// 20, 2020 12:00:00 AM`, interpreted as UTC.
    package init?(lenient json: JSON) {
        switch json {
        case .number: self.init(epoch: json.double)
        case .string(let text):
            guard text.utf8.count <= 64 else { return nil }
            if let timestamp = Timestamp(iso8601: text) {
                self = timestamp
            } else if let timestamp = Timestamp(mediumEnglish: text) {
                self = timestamp
            } else {
                self.init(epoch: Double(text))
            }
        default: return nil
        }
    }

    /// Seconds up to 99,999,999,999 (the year 5138), milliseconds above (from 1973 on): no real expiration date is
    /// ambiguous.
    private init?(epoch: Double?) {
        guard let epoch else { return nil }
        self.init(seconds: epoch < 100_000_000_000 ? epoch : epoch / 1000)
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private init?(mediumEnglish text: String) {
        // Newer Java runtimes write a comma after the year and U+202F before AM.
        let words = text.split { $0 == "," || $0.isWhitespace }
        guard words.count == 5, let month = Self.months.firstIndex(of: words[0].lowercased()),
            let day = Int(words[1]), let year = Int(words[2])
        else { return nil }
        let time = words[3].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2],
            (1...12).contains(hour)
        else { return nil }
        let afternoon: Bool
        switch words[4].lowercased() {
        case "am": afternoon = false
        case "pm": afternoon = true
        default: return nil
        }
        let civil = CivilTime(
            year: year, month: month + 1, day: day, hour: hour % 12 + (afternoon ? 12 : 0), minute: minute,
            second: second, millisecond: 0)
        guard let timestamp = civil.timestamp() else { return nil }
        self = timestamp
    }
}
