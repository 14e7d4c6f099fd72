/// A group of AWS Regions with accounts, names and endpoints of its own, as ARNs name it.
public enum Partition: String, Sendable, Hashable, CaseIterable {
    /// The commercial Regions.
    case aws = "aws"
    /// China.
    case awsCN = "aws-cn"
    /// AWS GovCloud (US).
    case awsUSGov = "aws-us-gov"

    /// The DNS suffix of service endpoints, without a leading dot.
    public var dnsSuffix: String {
        switch self {
        case .aws, .awsUSGov: "amazonaws.com"
        case .awsCN: "amazonaws.com.cn"
        }
    }

    /// The host of the management console.
    public var consoleHost: String {
        switch self {
        case .aws: "console.aws.amazon.com"
        case .awsCN: "console.amazonaws.cn"
        case .awsUSGov: "console.amazonaws-us-gov.com"
        }
    }
}
