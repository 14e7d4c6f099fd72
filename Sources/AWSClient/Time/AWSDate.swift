/// Parses the `Date` field of AWS's responses.
public enum AWSDate {
    /// Parses an HTTP date (RFC 9110, section 5.6.7) to milliseconds since 1970; nil if it is malformed.
    public static func milliseconds(_ field: String) -> Int64? { Timepoint.httpDate(field) }
}
