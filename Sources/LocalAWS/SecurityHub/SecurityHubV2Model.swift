import AWSCore
import JSON

/// Whether AWS Security Hub is enabled, and what it has.
package enum SecurityHubV2State: Sendable, Hashable {
    /// It is not enabled.
    case off
    /// It has the findings of AWS Security Hub CSPM.
    case receiving
    /// It has none of them.
    case empty
}

/// AWS Security Hub in one account and Region: the findings of AWS Security Hub CSPM, in OCSF.
struct SecurityHubV2Model {
    let accountRegion: AccountRegion
    let state: SecurityHubV2State

    /// Implements `DescribeSecurityHubV2`.
    func description() throws(ServiceError) -> JSON {
        guard state != .off else {
            throw ServiceError(404, "ResourceNotFoundException", "Account is not subscribed to AWS Security Hub")
        }
        let hub = ARN(service: "securityhub", accountRegion: accountRegion, resource: "hubv2/local")
        return ["HubV2Arn": .string(hub.description), "SubscribedAt": "2026-01-01T00:00:00.000Z"]
    }

    /// Implements `GetFindingsV2`, for filters by `finding_info.uid` only.
    func getFindings(_ request: JSON, of cspm: SecurityHubModel) throws(ServiceError) -> JSON {
        guard state != .off else {
            throw ServiceError(403, "AccessDeniedException", "Account is not subscribed to AWS Security Hub")
        }
        guard (1...100).contains(request["MaxResults"]?.integer ?? 50),
            let composites = request["Filters"]?["CompositeFilters"]?.array, composites.count == 1,
            let filters = composites[0]["StringFilters"]?.array, filters.count == 1,
            filters[0]["FieldName"] == "finding_info.uid", filters[0]["Filter"]?["Comparison"] == "EQUALS",
            let id = filters[0]["Filter"]?["Value"]?.string
        else { throw ServiceError(400, "ValidationException", "LocalAWS does not support these filters") }
        let found = state == .receiving ? cspm.finding(id: id) : nil
        return ["Findings": .array(found.map { [Self.event(of: $0)] } ?? [])]
    }

    /// A finding as an OCSF event, as far as it is needed.
    private static func event(of finding: JSON) -> JSON {
        [
            "class_name": "Detection Finding",
            "finding_info": ["uid": finding["Id"] ?? .null, "title": finding["Title"] ?? .null],
            "metadata": [
                "product": ["name": finding["ProductName"] ?? .null, "vendor_name": finding["CompanyName"] ?? .null]
            ],
            "severity": finding["Severity"]?["Label"] ?? .null,
        ]
    }
}
