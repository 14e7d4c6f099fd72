public import AWSCore

/// The name that the certificate of a Region's signatures is made out to. It is not the host that has the certificate.
///
/// The Regions are those of AWS's own verifier (`SnsHostProvider` of the AWS SDK for Java 2).
public func signingCommonName(for region: Region) -> String {
    switch region.name {
    case "cn-north-1", "cn-northwest-1": "sns-\(region).amazonaws.com.cn"
    case "us-gov-west-1", "us-gov-east-1": "sns-us-gov-west-1.amazonaws.com"
    case "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
        "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1",
        "me-central-1", "me-south-1", "mx-central-1":
        "sns-signing.\(region).amazonaws.com"
    default: "sns.\(region.partition.dnsSuffix)"
    }
}
