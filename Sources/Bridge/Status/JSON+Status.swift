import AWSCore
import DeviceDefender
import JSON

extension JSON {
    /// A time to the second, as RFC 3339 writes it, in UTC; `null` for none.
    ///
    /// - Parameter time: milliseconds since 1970.
    static func time(_ time: Int64?) -> JSON {
        guard let time else { return .null }
        return .string(String(Timestamp(milliseconds: time).iso8601.prefix(19)) + "Z")
    }

    /// How long ago something was, in whole seconds; `null` for what never was.
    static func age(_ time: Int64?, now: Int64) -> JSON {
        time.map { .integer(max(now.saturatingSubtracting($0), 0) / 1000) } ?? .null
    }
}
