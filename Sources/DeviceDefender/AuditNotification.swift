package import AWSCore
import Encoding
package import JSON

/// The notification about a finished audit, as published to SNS.
package struct AuditNotification: Sendable, Hashable {
    /// The account; nil if the message has none. The Region is that of the topic.
    package let account: AccountID?
    /// The audit.
    package let task: AuditTask

    /// Parses a notification. Unknown fields are ignored.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a required field is missing, mistyped or too long, or if a check is
    ///   duplicated.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "audit notification")
        account = try fields.account("accountId")
        var checks: [CheckResult] = []
        var names: Set<String> = []
        for detail in try fields.array("auditDetails", limit: CheckResult.maximumChecks) {
            let detail = try Fields(detail, at: "auditDetails")
            let check = try CheckResult(name: detail.name("checkName", limit: AuditCheck.maximumNameLength), detail)
            guard names.insert(check.check.name).inserted else {
                throw UnrecognizedMessageError(reason: "auditDetails: duplicate check")
            }
            checks.append(check)
        }
        task = try AuditTask(
            id: fields.identifier("taskId", limit: AuditTask.maximumIDLength), fields,
            startTime: fields.time("taskStartTime", in: .milliseconds), checks: checks)
    }
}

extension Fields {
    /// An optional account ID; throws if it is malformed.
    func account(_ name: String) throws(UnrecognizedMessageError) -> AccountID? {
        guard let digits = try optionalName(name, limit: 12) else { return nil }
        guard let account = AccountID(digits) else {
            throw UnrecognizedMessageError(reason: "\(name) is not an account ID")
        }
        return account
    }
}
