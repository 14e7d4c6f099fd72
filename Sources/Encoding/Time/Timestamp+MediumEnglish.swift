extension Timestamp {
    private static let lowercasedMonths = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Parses Java's medium English format as UTC, `Aug 20, 2020 12:00:00 AM`, in any letter case; nil for anything
    /// else. CloudTrail writes some dates so.
    public init?(mediumEnglish text: String) {
        // Newer Java runtimes write a comma after the year and U+202F before AM.
        let words = text.split { $0 == "," || $0.isWhitespace }
        guard words.count == 5, let month = Self.lowercasedMonths.firstIndex(of: words[0].lowercased()),
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
            second: second)
        guard let timestamp = civil.timestamp() else { return nil }
        self = timestamp
    }
}
