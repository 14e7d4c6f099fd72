/// A comparison of a metric with a threshold, which holds while a device behaves normally.
package enum ComparisonOperator: Sendable, Hashable {
    /// `less-than`
    case lessThan
    /// `less-than-equals`
    case lessThanEquals
    /// `greater-than`
    case greaterThan
    /// `greater-than-equals`
    case greaterThanEquals
    /// `in-cidr-set`
    case inCIDRSet
    /// `not-in-cidr-set`
    case notInCIDRSet
    /// `in-port-set`
    case inPortSet
    /// `not-in-port-set`
    case notInPortSet
    /// `in-set`
    case inSet
    /// `not-in-set`
    case notInSet
    /// An undocumented operator.
    case other(String)

    /// The documented operators, in the order of the AWS IoT API.
    package static let documented: [ComparisonOperator] = [
        .lessThan, .lessThanEquals, .greaterThan, .greaterThanEquals, .inCIDRSet, .notInCIDRSet, .inPortSet,
        .notInPortSet, .inSet, .notInSet,
    ]

    /// The operator for a value of the AWS IoT API.
    package init(_ word: String) { self = Self.documented.first { $0.word == word } ?? .other(word) }

    /// The value in the AWS IoT API.
    package var word: String {
        switch self {
        case .lessThan: "less-than"
        case .lessThanEquals: "less-than-equals"
        case .greaterThan: "greater-than"
        case .greaterThanEquals: "greater-than-equals"
        case .inCIDRSet: "in-cidr-set"
        case .notInCIDRSet: "not-in-cidr-set"
        case .inPortSet: "in-port-set"
        case .notInPortSet: "not-in-port-set"
        case .inSet: "in-set"
        case .notInSet: "not-in-set"
        case .other(let word): word
        }
    }
}
