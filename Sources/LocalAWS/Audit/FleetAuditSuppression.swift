public import JSON

/// That findings of a check about a resource do not count, as the AWS IoT API tells it (`AuditSuppression`).
public struct FleetAuditSuppression: Sendable, Hashable {
    /// The check's name.
    public var checkName: String
    /// The API's `ResourceIdentifier`.
    public var resourceIdentifier: JSON
    /// When it ends, in milliseconds since 1970; nil if it lasts until it is deleted.
    public var expirationDate: Int64?
    /// Why, in somebody's words.
    public var description: String?

    /// Makes a suppression.
    public init(
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
