import AWSCore
import Encoding
import JSON

/// Security Hub in one account and Region.
struct SecurityHubModel {
    /// The identifier of a finding.
    struct Key: Hashable {
        let productARN: String
        let id: String
    }

    /// A stored finding.
    struct Record {
        var members: JSON.Members
        var updatedAt: FindingTimestamp
        /// The members that `BatchUpdateFindings` has set; the provider's updates no longer replace them.
        var customerFields: Set<String> = []

        var json: JSON { .object(members) }
    }

    let accountRegion: AccountRegion
    /// In order of creation.
    private(set) var records: [Record] = []
    private var positions: [Key: Int] = [:]
    /// The IDs of findings to reject.
    var rejectedIDs: Set<String> = []

    /// Makes an empty Security Hub.
    init(accountRegion: AccountRegion) { self.accountRegion = accountRegion }

    /// The finding with an ID.
    func finding(id: String) -> JSON? { position(ofID: id).map { records[$0].json } }

    /// The position of the finding with an ID. All findings belong to the account's default product.
    func position(ofID id: String) -> Int? {
        let product = ARN(
            service: "securityhub", accountRegion: accountRegion, resource: "product/\(accountRegion.account)/default")
        return positions[Key(productARN: product.description, id: id)]
    }

    // MARK: BatchImportFindings

    /// Implements `BatchImportFindings`.
    ///
    /// - Parameter now: milliseconds since 1970.
    /// - Throws: ``ServiceError`` if the whole call is rejected.
    mutating func importFindings(_ request: JSON, now: Int64) throws(ServiceError) -> JSON {
        guard let findings = request["Findings"]?.array, findings.allSatisfy({ $0.object != nil }) else {
            throw .invalidInput("Invalid parameter 'Findings'. data.Findings should be array of objects")
        }
        guard (1...100).contains(findings.count) else {
            throw .invalidInput("Invalid parameter 'Findings'. data.Findings should have 1 to 100 items")
        }
        for finding in findings { try checkProduct(of: finding) }
        var failures: [JSON] = []
        var keys: Set<Key> = []
        for finding in findings {
            if let (code, message) = importFinding(finding, seen: &keys, now: now) {
                failures.append([
                    "Id": .string(finding["Id"]?.string ?? "unknown"), "ErrorCode": .string(code),
                    "ErrorMessage": .string(message),
                ])
            }
        }
        return [
            "FailedCount": .integer(failures.count), "SuccessCount": .integer(findings.count - failures.count),
            "FailedFindings": .array(failures),
        ]
    }

    /// A caller may only use the default product of its own account and Region.
    private func checkProduct(of finding: JSON) throws(ServiceError) {
        guard let product = finding["ProductArn"]?.string, let arn = ARN(product), arn.service == "securityhub",
            arn.resource.hasPrefix("product/")
        else {
            // The format validation rejects a finding without a product.
            if finding["ProductArn"] == nil { return }
            throw .invalidInput("productArn: \"\(finding["ProductArn"]?.string ?? "")\"")
        }
        guard arn.accountRegion == accountRegion, arn.resource == "product/\(accountRegion.account)/default" else {
            throw ServiceError(
                403, "AccessDeniedException",
                "User is not authorized to perform: securityhub:BatchImportFindings on resource: \(product)")
        }
    }

    /// Imports a finding; returns the error if it is rejected.
    private mutating func importFinding(
        _ finding: JSON, seen: inout Set<Key>, now: Int64
    ) -> (code: String, message: String)? {
        if let validationError = FindingFormat.validationError(for: finding) {
            return ("InvalidInput", "Finding does not adhere to Amazon Finding Format. \(validationError).")
        }
        guard let members = finding.object, let id = members["Id"]?.string,
            let product = members["ProductArn"]?.string, let text = members["UpdatedAt"]?.string,
            let updatedAt = FindingTimestamp(iso8601: text)
        else { return ("InternalFailure", "The finding is malformed.") }
        guard members["AwsAccountId"] == .string(accountRegion.account.digits) else {
            return ("InvalidInput", "The AwsAccountId is not the account that the call came from.")
        }
        if rejectedIDs.contains(id) { return ("InternalFailure", "An internal error has occurred.") }
        let key = Key(productARN: product, id: id)
        guard seen.insert(key).inserted else {
            return ("DuplicatedFindingIdentifier", "The batch has this finding more than once.")
        }
        if let position = positions[key] {
            // Security Hub silently ignores outdated updates.
            if records[position].updatedAt < updatedAt {
                records[position].update(with: members, updatedAt: updatedAt, now: now)
            }
        } else {
            positions[key] = records.count
            records.append(Record(creating: members, updatedAt: updatedAt, accountRegion: accountRegion, now: now))
        }
        return nil
    }

    // MARK: BatchUpdateFindings

    /// Implements `BatchUpdateFindings`.
    ///
    /// - Parameter now: milliseconds since 1970.
    /// - Throws: ``ServiceError`` if the whole call is rejected.
    mutating func updateFindings(_ request: JSON, now: Int64) throws(ServiceError) -> JSON {
        if let validationError = FindingUpdate.validationError(for: request) { throw .invalidInput(validationError) }
        var processed: [JSON] = []
        var unprocessed: [JSON] = []
        for identifier in request["FindingIdentifiers"]?.array ?? [] {
            let key = Key(
                productARN: identifier["ProductArn"]?.string ?? "", id: identifier["Id"]?.string ?? "")
            let failure = rejectedIDs.contains(key.id) ? "InternalFailure" : "FindingNotFound"
            if failure == "FindingNotFound", let position = positions[key] {
                records[position].apply(FindingUpdate(request, now: now))
                processed.append(identifier)
            } else {
                unprocessed.append([
                    "FindingIdentifier": identifier, "ErrorCode": .string(failure),
                    "ErrorMessage": .string(
                        failure == "FindingNotFound" ? "Finding Not Found" : "An internal error has occurred."),
                ])
            }
        }
        return ["ProcessedFindings": .array(processed), "UnprocessedFindings": .array(unprocessed)]
    }
}
