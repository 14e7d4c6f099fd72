package import Encoding
package import JSON

/// A suppression of a check's findings about a resource, until a date or permanently.
package struct AuditSuppression: Sendable, Hashable {
    /// The check.
    package let check: AuditCheck
    /// The resource.
    package let resource: ResourceIdentifier
    /// When the suppression expires; nil if it does not, or if the date's format is unknown. Expiration sends no event.
    package let expirationDate: Timestamp?
    /// Whether it lasts until it is deleted; nil if not given.
    package let suppressIndefinitely: Bool?

    /// Parses an element of `ListAuditSuppressions`.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if the check or the resource is missing or malformed.
    package init(_ json: JSON) throws(UnrecognizedMessageError) { try self.init(Fields(json, at: "suppression")) }

    /// Parses the parameters of an API call, which have the same members.
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
