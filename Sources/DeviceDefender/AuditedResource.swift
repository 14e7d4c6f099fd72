public import JSON

/// A resource in an audit finding: the one that fails a check, or one that is related to it.
public struct AuditedResource: Sendable, Hashable {
    /// The kind of resource: `ResourceType` of the AWS IoT API, for example `IOT_POLICY`.
    public let type: String?
    /// What names it.
    public let identifier: ResourceIdentifier
    /// More about it, by undocumented names. At most 50 entries of 128 and 1024 characters.
    public let additionalInfo: [UTF8Text: String]

    init(_ fields: Fields) throws(UnrecognizedMessageError) {
        guard let identifier = fields["resourceIdentifier"] else {
            throw UnrecognizedMessageError(reason: "resource: resourceIdentifier is missing")
        }
        self.identifier = try ResourceIdentifier(identifier)
        type = fields.text("resourceType", limit: 128)
        additionalInfo = fields["additionalInfo"]?.textMap(entries: 50, keyLimit: 128, valueLimit: 1024) ?? [:]
    }
}
