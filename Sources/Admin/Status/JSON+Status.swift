import DeviceDefender
package import Encoding
package import JSON

extension JSON {
    /// A time in RFC 3339 format, in UTC, truncated to seconds; `null` for nil.
    package static func time(_ time: Timestamp?) -> JSON { time.map { .string($0.iso8601Seconds) } ?? .null }

    /// The age of a time in whole seconds, at least 0; `null` for nil.
    package static func age(_ time: Timestamp?, now: Timestamp) -> JSON { time.map { seconds(now - $0) } ?? .null }

    /// A duration in whole seconds; a negative one counts as 0.
    package static func seconds(_ duration: Duration) -> JSON { .integer(max(duration, .zero).milliseconds / 1000) }
}
