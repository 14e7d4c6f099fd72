/// An AWS service that the client calls.
package enum AWSService: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// AWS IoT's control plane, with Device Defender.
    case iot
    /// AWS Security Hub.
    case securityHub = "securityhub"
    /// AWS Security Token Service.
    case sts
    /// Amazon SNS.
    case sns
    /// Amazon EventBridge.
    case events
    /// AWS CloudTrail.
    case cloudTrail = "cloudtrail"
    /// Amazon CloudWatch.
    case cloudWatch = "cloudwatch"

    /// The name in host names and credential scopes.
    var signingName: String { self == .cloudWatch ? "monitoring" : rawValue }

    /// The prefix of its IAM actions.
    var actionPrefix: String { rawValue }

    /// The name in environment variables and in the shared configuration file.
    private var endpointName: String { self == .events ? "eventbridge" : rawValue }

    /// The environment variable with the service's own endpoint.
    var endpointVariable: String { "AWS_ENDPOINT_URL_\(endpointName.uppercased())" }

    /// The service's key in a `[services NAME]` section.
    var servicesKey: String { endpointName }

    /// The display name, as AWS writes it.
    package var description: String {
        switch self {
        case .iot: "AWS IoT"
        case .securityHub: "AWS Security Hub"
        case .sts: "AWS STS"
        case .sns: "Amazon SNS"
        case .events: "Amazon EventBridge"
        case .cloudTrail: "AWS CloudTrail"
        case .cloudWatch: "Amazon CloudWatch"
        }
    }
}
