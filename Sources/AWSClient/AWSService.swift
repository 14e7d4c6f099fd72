/// A service of AWS that the client talks to.
public enum AWSService: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// AWS IoT's control plane, with Device Defender.
    case iot
    /// AWS Security Hub.
    case securityHub = "securityhub"
    /// AWS Security Token Service.
    case sts

    /// The name in host names, credential scopes and IAM actions.
    var signingName: String { rawValue }

    /// The variable with an endpoint of its own for the service.
    var endpointVariable: String { "AWS_ENDPOINT_URL_\(rawValue.uppercased())" }

    /// The name as AWS writes it for people.
    public var description: String {
        switch self {
        case .iot: "AWS IoT"
        case .securityHub: "AWS Security Hub"
        case .sts: "AWS STS"
        }
    }
}
