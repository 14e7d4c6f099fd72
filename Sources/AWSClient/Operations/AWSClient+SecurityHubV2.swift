package import AWSCore
import HTTPTypes
import JSON

/// The AWS Security Hub that receives the findings of AWS Security Hub CSPM, in OCSF.
extension AWSClient {
    /// Checks that AWS Security Hub is enabled (`DescribeSecurityHubV2`); throws `notFound` if it is not.
    package func describeSecurityHubV2(region: Region) async throws(AWSError) {
        let operation = Operation(service: .securityHub, name: "DescribeSecurityHubV2", method: .get, path: "/hubv2")
        guard try await performForJSON(operation, in: region)["HubV2Arn"]?.string != nil else {
            throw operation.malformedResponse("HubV2Arn is missing")
        }
    }

    /// Whether AWS Security Hub has a finding (`GetFindingsV2`).
    ///
    /// - Parameter id: the finding's `Id` in AWS Security Hub CSPM.
    package func securityHubV2Contains(_ id: String, region: Region) async throws(AWSError) -> Bool {
        let filter: JSON = ["FieldName": "finding_info.uid", "Filter": ["Value": .string(id), "Comparison": "EQUALS"]]
        let request: JSON = [
            "Filters": ["CompositeFilters": [["StringFilters": [filter]]]], "MaxResults": .integer(1),
        ]
        let operation = Operation(
            service: .securityHub, name: "GetFindingsV2", method: .post, path: "/findingsv2",
            contentType: "application/json", body: request.serialized())
        guard let findings = try await performForJSON(operation, in: region)["Findings"]?.array else {
            throw operation.malformedResponse("Findings is missing")
        }
        return !findings.isEmpty
    }
}
