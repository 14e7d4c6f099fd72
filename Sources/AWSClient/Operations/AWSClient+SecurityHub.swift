package import AWSCore
import Encoding
import HTTPTypes
package import JSON

/// Identifies a finding in Security Hub.
package struct FindingIdentifier: Sendable, Hashable {
    /// The finding's `Id`.
    package let id: String
    /// The finding's `ProductArn`.
    package let productARN: String

    /// Makes an identifier.
    package init(id: String, productARN: String) {
        self.id = id
        self.productARN = productARN
    }
}

/// A finding of a batch that Security Hub rejected.
package struct FindingFailure: Sendable, Hashable {
    /// The finding's `Id`.
    package let id: String
    /// AWS's error code, for example `InvalidInput` or `FindingNotFound`.
    package let code: String
    /// AWS's error message.
    package let message: String
}

/// The result of `BatchImportFindings`.
package struct BatchImportResult: Sendable, Hashable {
    /// The number of imported findings.
    package let successCount: Int
    /// Those that were not.
    package let failures: [FindingFailure]
}

/// The result of `BatchUpdateFindings`.
package struct BatchUpdateResult: Sendable, Hashable {
    /// The updated findings.
    package let processed: [FindingIdentifier]
    /// Those that were not.
    package let unprocessed: [FindingFailure]
}

extension AWSClient {
    /// The maximum number of findings in one request or page.
    private static let maximumFindings = 100

    /// Creates findings, or replaces those with the same id (AWS Security Hub `BatchImportFindings`).
    package func batchImportFindings(_ batch: FindingBatch, region: Region) async throws(AWSError) -> BatchImportResult
    {
        let operation = Self.operation("BatchImportFindings", .post, "/findings/import", body: batch.body)
        let response = try await performForJSON(operation, in: region)
        guard let count = response["SuccessCount"]?.integer, let successCount = Int(exactly: count), successCount >= 0
        else { throw operation.malformedResponse("SuccessCount is missing") }
        // Absent if all succeeded.
        let failures = try Self.failures(response["FailedFindings"] ?? [], operation: operation) { $0["Id"] }
        guard successCount.saturatingAdding(failures.count) == batch.findings.count else {
            throw operation.malformedResponse("the counts do not add up to the number of findings")
        }
        return BatchImportResult(successCount: successCount, failures: failures)
    }

    /// The subscription ARNs of the products whose findings Security Hub receives (AWS Security Hub
    /// `ListEnabledProductsForImport`).
    package func enabledProducts(region: Region) -> PaginatorSequence<JSON> {
        let operation = Operation(
            service: .securityHub, name: "ListEnabledProductsForImport", method: .get, path: "/productSubscriptions")
        return PaginatorSequence(operation: operation) { nextToken throws(AWSError) in
            var operation = operation
            operation.query = [("MaxResults", "100")] + (nextToken.map { [("NextToken", $0)] } ?? [])
            let response = try await performForJSON(operation, in: region)
            guard let page = Page(response, elements: "ProductSubscriptions", nextToken: "NextToken") else {
                throw operation.malformedResponse("ProductSubscriptions is missing")
            }
            return page
        }
    }

    /// Updates the fields of findings that belong to analysts (AWS Security Hub `BatchUpdateFindings`).
    ///
    /// - Parameters:
    ///   - identifiers: up to 100 findings.
    ///   - changes: an object with the request's further members, for example `Note`, `Workflow`, `VerificationState`.
    package func batchUpdateFindings(
        _ identifiers: [FindingIdentifier], changes: JSON, region: Region
    ) async throws(AWSError) -> BatchUpdateResult {
        let operation = Self.operation(
            "BatchUpdateFindings", .patch, "/findings/batchupdate",
            body: Self.updateRequest(of: identifiers, changes: changes).serialized())
        guard (1...Self.maximumFindings).contains(identifiers.count) else {
            throw operation.invalidInput(
                "\(identifiers.count) findings in one request, not 1 to \(Self.maximumFindings)")
        }
        let response = try await performForJSON(operation, in: region)
        guard let processed = response["ProcessedFindings"]?.array?.map(Self.identifier), !processed.contains(nil)
        else {
            throw operation.malformedResponse("ProcessedFindings is missing")
        }
        let unprocessed = try Self.failures(response["UnprocessedFindings"] ?? [], operation: operation) {
            $0["FindingIdentifier"]?["Id"]
        }
        return BatchUpdateResult(processed: processed.compactMap { $0 }, unprocessed: unprocessed)
    }

    /// The body of a `BatchUpdateFindings` request.
    package static func updateRequest(of identifiers: [FindingIdentifier], changes: JSON) -> JSON {
        var members = changes.object ?? [:]
        members["FindingIdentifiers"] = .array(
            identifiers.map { ["Id": .string($0.id), "ProductArn": .string($0.productARN)] })
        return .object(members)
    }

    /// Fetches a page of findings (AWS Security Hub `GetFindings`).
    ///
    /// - Parameters:
    ///   - filters: the request's `Filters`.
    ///   - nextToken: from the page before, or nil for the first.
    package func getFindings(
        filters: JSON, region: Region, nextToken: String? = nil
    ) async throws(AWSError) -> Page<JSON> {
        var members: JSON.Members = ["Filters": filters, "MaxResults": .integer(Self.maximumFindings)]
        if let nextToken { members["NextToken"] = .string(nextToken) }
        var operation = Self.getFindings
        operation.body = JSON.object(members).serialized()
        guard
            let page = Page(
                try await performForJSON(operation, in: region), elements: "Findings", nextToken: "NextToken",
                date: clock.serviceNow)
        else { throw operation.malformedResponse("Findings is missing") }
        return page
    }

    /// The findings that match, page by page; see ``getFindings(filters:region:nextToken:)``.
    package func findings(filters: JSON, region: Region) -> PaginatorSequence<JSON> {
        PaginatorSequence(operation: Self.getFindings) { nextToken throws(AWSError) in
            try await getFindings(filters: filters, region: region, nextToken: nextToken)
        }
    }

    /// Checks that Security Hub is enabled (AWS Security Hub `DescribeHub`); throws `notEnabled` or `notFound` if it is
    /// not.
    package func describeHub(region: Region) async throws(AWSError) {
        let operation = Operation(service: .securityHub, name: "DescribeHub", method: .get, path: "/accounts")
        guard try await performForJSON(operation, in: region)["HubArn"]?.string != nil else {
            throw operation.malformedResponse("HubArn is missing")
        }
    }

    private static var getFindings: Operation { operation("GetFindings", .post, "/findings") }

    private static func operation(
        _ name: String, _ method: HTTPRequest.Method, _ path: String, body: [UInt8] = []
    ) -> Operation {
        Operation(
            service: .securityHub, name: name, method: method, path: path, contentType: "application/json", body: body)
    }

    private static func identifier(_ json: JSON) -> FindingIdentifier? {
        guard let id = json["Id"]?.string, let arn = json["ProductArn"]?.string else { return nil }
        return FindingIdentifier(id: id, productARN: arn)
    }

    private static func failures(
        _ json: JSON, operation: Operation, id: (JSON) -> JSON?
    ) throws(AWSError) -> [FindingFailure] {
        guard let elements = json.isNull ? [] : json.array else {
            throw operation.malformedResponse("the list of failures is not an array")
        }
        var failures: [FindingFailure] = []
        for element in elements {
            guard let id = id(element)?.string, let code = element["ErrorCode"]?.string else {
                throw operation.malformedResponse("a failure lacks its finding or code")
            }
            failures.append(FindingFailure(id: id, code: code, message: element["ErrorMessage"]?.string ?? ""))
        }
        return failures
    }
}
