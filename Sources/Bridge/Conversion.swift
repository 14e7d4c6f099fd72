import AWSCore
import DeviceDefender
public import JSON
import SNS
public import SecurityFindings

/// Shows what a message becomes, by the same mapping that the bridge uses, without store or network.
public enum Conversion {
    /// Why a message becomes nothing.
    public struct Failure: Error, Sendable {
        /// What is wrong with it.
        public let message: String
    }

    /// Converts a message of Device Defender, an SNS envelope, an audit finding as AWS IoT lists it, or an EventBridge
    /// event.
    ///
    /// - Parameters:
    ///   - bytes: the message, as JSON.
    ///   - account: the account that it is from, where it does not say so itself.
    ///   - region: the Region that it is from, where it does not say so itself.
    ///   - severities: the team's own severities.
    /// - Returns: an array of findings (ASFF) for what makes findings, and for an event the request that it makes.
    /// - Throws: ``Failure``.
    public static func convert(
        _ bytes: [UInt8], account: String, region: String, severities: SeverityRules = .none
    ) throws(Failure) -> JSON {
        guard let account = AccountID(account), let region = Region(region) else {
            throw Failure(
                message: "the account must be 12 digits and the Region a Region's name, for example us-east-1")
        }
        do throws(UnrecognizedMessage) {
            let json = try parse(bytes)
            if json["Type"] != nil, json["TopicArn"] != nil {
                let envelope = try envelope(bytes)
                return try message(parse(Array(envelope.message.utf8)), envelope.topic.origin, severities)
            }
            if json["detail"] != nil || json.array != nil { return try event(EventBridgeEvent(posted: json)) }
            return try message(json, Origin(account: account, region: region), severities)
        } catch {
            throw Failure(message: error.reason)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(UnrecognizedMessage) -> JSON {
        do throws(JSONError) { return try JSON(parsing: bytes) } catch {
            throw UnrecognizedMessage(reason: "the message is not JSON: \(error)")
        }
    }

    private static func envelope(_ bytes: [UInt8]) throws(UnrecognizedMessage) -> SNSMessage {
        do throws(SNSRefusal) { return try SNSMessage(parsing: bytes) } catch {
            throw UnrecognizedMessage(reason: "the SNS envelope is refused: \(error.message)")
        }
    }

    private static func message(
        _ json: JSON, _ origin: Origin, _ severities: SeverityRules
    ) throws(UnrecognizedMessage) -> JSON {
        if json["checkName"] != nil {
            let auditFinding = try AuditFinding(json)
            return [
                SecurityFinding(
                    auditFinding: auditFinding, task: try AuditTask(of: auditFinding), origin: origin,
                    severities: severities
                ).json
            ]
        }
        switch try DeviceDefenderMessage(json) {
        case .alarm(let alarm): return [SecurityFinding(alarm: alarm, origin: origin, severities: severities).json]
        case .audit(let notification):
            let own = notification.account.map { Origin(account: $0, region: origin.region) } ?? origin
            return .array(
                notification.task.checks.map {
                    SecurityFinding(summaryOf: $0, task: notification.task, origin: own, severities: severities).json
                })
        }
    }

    private static func event(_ event: EventBridgeEvent) throws(UnrecognizedMessage) -> JSON {
        switch event.change {
        case .verification(let violationID, let state, let words):
            let verification = Verification(state: state, words: words)
            let id = FindingID.violation(id: violationID, origin: event.origin)
            guard case .object(var request) = verification.changes else { return [] }
            request["FindingIdentifiers"] = [
                [
                    "Id": .string(id), "ProductArn": .string(SecurityFinding.productARN(origin: event.origin)),
                ]
            ]
            return .object(request)
        case .suppressionCreated(let suppression), .suppressionUpdated(let suppression):
            return recordState("ARCHIVED", suppression.check, suppression.resource, event.origin)
        case .suppressionDeleted(let check, let resource):
            return recordState("ACTIVE", check, resource, event.origin)
        case .auditTaskCanceled:
            throw UnrecognizedMessage(reason: "what the event changes depends on how far the audit came")
        case .ignored(let reason): throw UnrecognizedMessage(reason: "the event is ignored: \(reason)")
        }
    }

    /// What becomes of the finding of a resource.
    private static func recordState(
        _ state: String, _ check: AuditCheck, _ resource: ResourceIdentifier, _ origin: Origin
    ) -> JSON {
        let id = FindingID.audit(check: check, resource: resource, reasonCode: nil, origin: origin)
        return ["RecordState": .string(state), "Id": .string(id)]
    }
}

extension AuditTask {
    /// What an audit finding tells of its audit.
    fileprivate init(of finding: AuditFinding) throws(UnrecognizedMessage) {
        let start = finding.taskStartTime ?? finding.time
        try self.init(
            id: finding.taskID ?? "unknown",
            description: [
                "taskStatus": "COMPLETED", "taskType": "ON_DEMAND_AUDIT_TASK",
                "taskStartTime": .number(String(Double(start.milliseconds) / 1000)),
            ])
    }
}
