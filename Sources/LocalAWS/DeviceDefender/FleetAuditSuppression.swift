import Encoding
package import JSON

/// A suppression of a check's findings about a resource (`AuditSuppression` of the AWS IoT API).
package struct FleetAuditSuppression: Sendable, Hashable {
    /// The check's name.
    package var checkName: String
    /// The API's `ResourceIdentifier`.
    package var resourceIdentifier: JSON
    /// The expiration date, in milliseconds since 1970; nil if it lasts until it is deleted.
    package var expirationDate: Int64?
    /// The description.
    package var description: String?

    /// Makes a suppression.
    package init(
        checkName: String, resourceIdentifier: JSON, expirationDate: Int64? = nil, description: String? = nil
    ) {
        self.checkName = checkName
        self.resourceIdentifier = resourceIdentifier
        self.expirationDate = expirationDate
        self.description = description
    }

    /// An element of the response of `ListAuditSuppressions`.
    var json: JSON {
        var members: JSON.Members = [
            "checkName": .string(checkName), "resourceIdentifier": resourceIdentifier,
            "suppressIndefinitely": .bool(expirationDate == nil),
        ]
        members["expirationDate"] = expirationDate.map { .number(Timestamp(milliseconds: $0).epochSeconds) }
        members["description"] = description.map(JSON.string)
        return .object(members)
    }
}
