package import JSON

/// A value of a metric or of a threshold: `MetricValue` of the AWS IoT API.
package enum MetricValue: Sendable, Hashable {
    /// A count.
    case count(UInt64)
    /// CIDR blocks.
    case cidrs([String])
    /// Network ports.
    case ports([Int])
    /// A number of a custom metric.
    case number(Double)
    /// A list of numbers of a custom metric.
    case numbers([Double])
    /// A list of strings of a custom metric.
    case strings([String])

    /// The maximum number of list elements kept.
    static let maximumElements = 1000

    /// Parses an object with one of the members `count`, `cidrs`, `ports`, `number`, `numbers`, `strings`; nil if there
    /// is none of the right type. Elements of a wrong type and those after the first 1000 are dropped.
    package init?(_ json: JSON) {
        if let count = json["count"].flatMap(Self.count) {
            self = .count(count)
        } else if let cidrs = json["cidrs"].flatMap(Self.texts) {
            self = .cidrs(cidrs)
        } else if let ports = json["ports"]?.array {
            self = .ports(ports.prefix(Self.maximumElements).compactMap(Self.port))
        } else if let number = json["number"]?.lenientDouble {
            self = .number(number)
        } else if let numbers = json["numbers"]?.array {
            self = .numbers(numbers.prefix(Self.maximumElements).compactMap(\.lenientDouble))
        } else if let strings = json["strings"].flatMap(Self.texts) {
            self = .strings(strings)
        } else {
            return nil
        }
    }

    private static func count(_ json: JSON) -> UInt64? {
        switch json {
        case .number(let text), .string(let text): UInt64(text) ?? json.lenientDouble.flatMap { UInt64(exactly: $0) }
        default: nil
        }
    }

    private static func port(_ json: JSON) -> Int? {
        guard let port = json.lenientInteger, (0...65535).contains(port) else { return nil }
        return Int(port)
    }

    private static func texts(_ json: JSON) -> [String]? {
        json.array?.prefix(maximumElements).compactMap { $0.boundedText(limit: 1024) }
    }
}
