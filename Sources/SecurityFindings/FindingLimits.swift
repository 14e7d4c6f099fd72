/// The relevant limits of the AWS Security Finding Format (Security Hub API Reference, `AwsSecurityFinding`, and
/// Security Hub User Guide, "AWS Security Finding Format"). Lengths are in characters.
enum FindingLimits {
    static let id = 512
    static let generatorID = 512
    static let title = 256
    static let description = 1024
    static let remediationText = 512
    static let note = 512
    static let originalSeverity = 64
    static let type = 512
    static let types = 50
    static let resourceID = 512
    static let resourceType = 256
    static let url = 2048
    /// A longer Region name is omitted.
    static let region = 16
    static let mapEntries = 50
    static let productFieldKey = 128
    static let productFieldValue = 2048
    /// Both limits of `Details.Other` are exclusive.
    static let detailKey = 127
    static let detailValue = 1023
    /// The size of a finding's JSON, in bytes: 240 KB minus what later changes can add.
    static let bytes = 240_000 - 512
}
