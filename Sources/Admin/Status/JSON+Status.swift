import DeviceDefender
import Encoding
package import JSON

extension JSON {
    /// A time in RFC 3339 format, in UTC, truncated to seconds; `null` for nil.
    ///
    /// - Parameter time: milliseconds since 1970.
    package static func time(_ time: Int64?) -> JSON {
        guard let time else { return .null }
        return .string(Timestamp(milliseconds: time).iso8601Seconds)
    }

    /// The age of a time in whole seconds, at least 0; `null` for nil.
    package static func age(_ time: Int64?, now: Int64) -> JSON {
        time.map { .integer(max(now.saturatingSubtracting($0), 0) / 1000) } ?? .null
    }
}
