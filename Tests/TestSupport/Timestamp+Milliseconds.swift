public import Encoding

/// Tests write points in time as milliseconds since 1970.
extension Timestamp: ExpressibleByIntegerLiteral {
    /// Milliseconds since 1970.
    public init(integerLiteral milliseconds: Int64) { self.init(milliseconds: milliseconds) }

    /// Milliseconds since 1970.
    public init(_ milliseconds: some BinaryInteger) { self.init(milliseconds: Int64(milliseconds)) }

    /// The time after some milliseconds.
    public static func + (time: Timestamp, milliseconds: some BinaryInteger) -> Timestamp {
        time + .milliseconds(Int64(milliseconds))
    }

    /// The time before some milliseconds.
    public static func - (time: Timestamp, milliseconds: some BinaryInteger) -> Timestamp {
        time - .milliseconds(Int64(milliseconds))
    }
}
