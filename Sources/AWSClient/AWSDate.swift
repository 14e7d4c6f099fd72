/// The `Date` field of AWS's responses.
public enum AWSDate {
    /// Reads it (RFC 9110, section 5.6.7): milliseconds since 1970; nil for what is none.
    public static func milliseconds(_ field: String) -> Int64? { Timepoint.httpDate(field) }
}
