package import Encoding
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
}
