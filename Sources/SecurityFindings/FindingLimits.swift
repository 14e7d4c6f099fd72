/// The relevant limits of the AWS Security Finding Format (Security Hub API Reference, `AwsSecurityFinding`, and
/// Security Hub User Guide, "AWS Security Finding Format"). Lengths are in characters.
package enum FindingLimits {
    static let id = 512
    static let generatorID = 512
    /// The title.
    package static let title = 256
    /// The description.
    package static let description = 1024
    /// The text of a recommendation.
    package static let remediationText = 512
    static let note = 512
    static let originalSeverity = 64
    /// A finding type.
    package static let type = 512
    /// The number of finding types.
    package static let types = 50
    /// The number of resources.
    package static let resources = 32
    /// The ID of a resource.
    package static let resourceID = 512
    /// The type of a resource.
    package static let resourceType = 256
    /// A URL.
    package static let url = 2048
    /// A longer Region name is omitted.
    static let region = 16
    /// The number of entries of product fields, and of a resource's details.
    package static let mapEntries = 50
    /// The name of a product field.
    package static let productFieldKey = 128
    /// The value of a product field.
    package static let productFieldValue = 2048
    /// The name of a resource's detail; the limit of `Details.Other` is exclusive.
    package static let detailKey = 127
    /// The value of a resource's detail; the limit of `Details.Other` is exclusive.
    package static let detailValue = 1023
    /// The size of a finding's JSON, in bytes: 240 KB minus what later changes can add: names of 128
    /// characters, user-defined fields with escapes, and states.
    static let bytes = 240_000 - 2048 - 2 * UserDefinedFields.maximumBytes
    /// The value of a user-defined field.
    static let userDefinedValue = 1024
}
