public import JSON

/// That findings of a check about a resource do not count, for a time or for good.
public struct AuditSuppression: Sendable, Hashable {
    /// The check.
    public let check: AuditCheck
    /// The resource.
    public let resource: ResourceIdentifier
    /// When the suppression ends; nil if it does not, or if the date is in a form not known here. No event tells of the
    /// end.
    public let expirationDate: Timestamp?
    /// Whether it lasts until it is deleted; nil if the call does not say.
    public let suppressIndefinitely: Bool?

    /// Reads an element of the AWS IoT API's answer to `ListAuditSuppressions`.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if the check or the resource is missing or malformed.
    public init(_ json: JSON) throws(UnrecognizedMessageError) { try self.init(Fields(json, at: "suppression")) }

    /// Reads the parameters of a call, which have the same members.
    init(_ fields: Fields) throws(UnrecognizedMessageError) {
        guard let check = AuditCheck(name: try fields.name("checkName", limit: AuditCheck.maximumNameLength)) else {
            throw UnrecognizedMessageError(reason: "suppression: checkName is malformed")
        }
        guard let resource = fields["resourceIdentifier"] else {
            throw UnrecognizedMessageError(reason: "suppression: resourceIdentifier is missing")
        }
        self.check = check
        self.resource = try ResourceIdentifier(resource)
        expirationDate = fields["expirationDate"].flatMap { Timestamp(lenient: $0) }
        suppressIndefinitely = try fields.flag("suppressIndefinitely")
    }
}
