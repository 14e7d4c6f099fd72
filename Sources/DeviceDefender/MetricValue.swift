public import JSON

/// A measured value of a metric, or the value that a behavior compares with: `MetricValue` of the AWS IoT API.
public enum MetricValue: Sendable, Hashable {
    /// A count of something.
    case count(UInt64)
    /// IP address blocks, in CIDR notation.
    case cidrs([String])
    /// Network ports.
    case ports([Int])
    /// The number of a custom metric.
    case number(Double)
    /// The numbers of a custom metric.
    case numbers([Double])
    /// The texts of a custom metric.
    case strings([String])

    /// How many elements of a list are kept.
    static let maximumElements = 1000

    /// Reads a value from an object with one of the members `count`, `cidrs`, `ports`, `number`, `numbers`, `strings`;
    /// nil if there is none of the right type. Elements of a wrong type and those behind the first 1000 are left out.
    public init?(_ json: JSON) {
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
