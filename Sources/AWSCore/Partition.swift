/// An AWS partition: a group of Regions with separate accounts, ARNs and endpoints. The values are those of AWS's SDKs
/// (`partitions.json`).
public enum Partition: String, Sendable, Hashable, CaseIterable {
    /// The commercial Regions.
    case aws = "aws"
    /// China.
    case awsCN = "aws-cn"
    /// AWS GovCloud (US).
    case awsUSGov = "aws-us-gov"
    /// The European Sovereign Cloud.
    case awsEUSC = "aws-eusc"
    /// AWS ISO (US): top secret Regions.
    case awsISO = "aws-iso"
    /// AWS ISOB (US): secret Regions.
    case awsISOB = "aws-iso-b"
    /// AWS ISOE (Europe).
    case awsISOE = "aws-iso-e"
    /// AWS ISOF (US).
    case awsISOF = "aws-iso-f"

    /// The DNS suffix of service endpoints, without a leading dot.
    public var dnsSuffix: String {
        switch self {
        case .aws, .awsUSGov: "amazonaws.com"
        case .awsCN: "amazonaws.com.cn"
        case .awsEUSC: "amazonaws.eu"
        case .awsISO: "c2s.ic.gov"
        case .awsISOB: "sc2s.sgov.gov"
        case .awsISOE: "cloud.adc-e.uk"
        case .awsISOF: "csp.hci.ic.gov"
        }
    }

    /// The DNS suffix of dual-stack (IPv4 and IPv6) endpoints.
    public var dualStackDNSSuffix: String {
        switch self {
        case .aws, .awsUSGov: "api.aws"
        case .awsCN: "api.amazonwebservices.com.cn"
        case .awsEUSC: "api.amazonwebservices.eu"
        case .awsISO: "api.aws.ic.gov"
        case .awsISOB: "api.aws.scloud"
        case .awsISOE: "api.cloud-aws.adc-e.uk"
        case .awsISOF: "api.aws.hci.ic.gov"
        }
    }

    /// The prefix of Region names; nil for the commercial Regions.
    var regionPrefix: String? {
        switch self {
        case .aws: nil
        case .awsCN: "cn-"
        case .awsUSGov: "us-gov-"
        case .awsEUSC: "eusc-"
        case .awsISO: "us-iso-"
        case .awsISOB: "us-isob-"
        case .awsISOE: "eu-isoe-"
        case .awsISOF: "us-isof-"
        }
    }

    /// The host of the management console.
    public var consoleHost: String {
        switch self {
        case .aws: "console.aws.amazon.com"
        case .awsCN: "console.amazonaws.cn"
        case .awsUSGov: "console.amazonaws-us-gov.com"
        case .awsEUSC: "console.amazonaws-eusc.eu"
        case .awsISO, .awsISOB, .awsISOE, .awsISOF: "console.\(dnsSuffix)"
        }
    }
}
