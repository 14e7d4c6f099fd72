package import JSON

/// A resource in an audit finding: the non-compliant one or a related one.
package struct AuditedResource: Sendable, Hashable {
    /// The resource type: `ResourceType` of the AWS IoT API, for example `IOT_POLICY`.
    package let type: String?
    /// The resource's identifier.
    package let identifier: ResourceIdentifier
    /// Additional information, by undocumented names: at most 50 entries, keys of 128 and values of 1024 characters.
    package let additionalInfo: [UTF8Text: String]

    init(_ fields: Fields) throws(UnrecognizedMessageError) {
        guard let identifier = fields["resourceIdentifier"] else {
            throw UnrecognizedMessageError(reason: "resource: resourceIdentifier is missing")
        }
        self.identifier = try ResourceIdentifier(identifier)
        type = fields.text("resourceType", limit: 128)
        additionalInfo = fields["additionalInfo"]?.textMap(entries: 50, keyLimit: 128, valueLimit: 1024) ?? [:]
    }
}
