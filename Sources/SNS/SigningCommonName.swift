public import AWSCore

/// The names that a Region's signing certificate may be issued to. They differ from the host that serves the certificate.
///
/// The first is that of AWS's own verifier (`SnsHostProvider` of the AWS SDK for Java 2). Newer Regions use
/// `sns-signing.<Region>.<suffix>`, so that name is accepted for every Region.
public func signingCommonNames(for region: Region) -> [String] {
    let own = "sns-signing.\(region).\(region.partition.dnsSuffix)"
    let listed: String =
        switch region.name {
        case "cn-north-1", "cn-northwest-1", "us-iso-east-1", "us-isob-east-1":
            "sns-\(region).\(region.partition.dnsSuffix)"
        case "us-gov-west-1", "us-gov-east-1": "sns-us-gov-west-1.amazonaws.com"
        case "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
            "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-isoe-west-1", "eu-south-1",
            "eu-south-2",
            "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "us-isof-east-1",
            "us-isof-south-1":
            own
        default: "sns.\(region.partition.dnsSuffix)"
        }
    return listed == own ? [own] : [listed, own]
}
