import AWSClient
import AWSCore
import DeviceDefender
import Encoding
import Intake
package import JSON
import Planning
import SNS
import SecurityFindings
import Store

/// Converts a message to findings without store or network, with the bridge's own planning.
///
/// The result is what the bridge would send to a Security Hub without findings, as of the time of the message.
package struct MessageConverter: Sendable {
    /// A message that does not result in findings.
    package struct ConversionError: Error, Sendable {
        /// The reason, and what to do.
        package let message: String
    }

    private let accountRegion: AccountRegion
    private let scheduledAudit: String?
    private let mapping: MappingOptions
    private let topics: TopicPolicy
    private let ignored: IgnoredMessages

    /// - Parameters:
    ///   - account: the account of a message that does not name one.
    ///   - region: the Region of a message that does not name one.
    ///   - scheduledAudit: the scheduled audit of an audit finding, which does not name it; nil for an on-demand audit.
    ///   - configuration: the mapping and the topics.
    /// - Throws: ``ConversionError`` for an invalid account or Region.
    package init(
        account: String, region: String, scheduledAudit: String? = nil, configuration: BridgeConfiguration
    ) throws(ConversionError) {
        guard let account = AccountID(account), let region = Region(region) else {
            throw ConversionError(
                message: "invalid account or Region. Use an account of 12 digits and a Region such as us-east-1.")
        }
        accountRegion = AccountRegion(account: account, region: region)
        self.scheduledAudit = scheduledAudit
        mapping = configuration.mapping
        topics = configuration.topics
        ignored = configuration.ignoredMessages
    }

    /// Converts a message of Device Defender, an SNS envelope, an audit finding as AWS IoT lists it, or an EventBridge
    /// event.
    ///
    /// - Parameter bytes: the message, as JSON.
    /// - Returns: an array of findings (ASFF), followed by the update that the message causes, if any; for an event, the
    ///   request that it causes.
    /// - Throws: ``ConversionError`` for a message that does not result in findings.
    package func convert(_ bytes: [UInt8]) throws(ConversionError) -> JSON {
        do throws(UnrecognizedMessageError) {
            let json = try Self.parse(bytes)
            if json["Type"] != nil, json["TopicArn"] != nil {
                let envelope = try Self.envelope(bytes)
                let accountRegion = (try? topics.accountRegion(of: envelope.topic)) ?? envelope.topic.accountRegion
                return try message(Array(envelope.message.utf8), from: .sns, accountRegion)
            }
            if json["detail"] != nil || json.array != nil {
                let event = try EventBridgeEvent(posted: json)
                return try message(bytes, from: .eventBridge, event.accountRegion)
            }
            if json["checkName"] != nil { return try auditFinding(json) }
            let account = json["accountId"]?.string.flatMap { AccountID($0) } ?? accountRegion.account
            return try message(bytes, from: .sns, AccountRegion(account: account, region: accountRegion.region))
        } catch {
            throw ConversionError(message: error.reason)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(UnrecognizedMessageError) -> JSON {
        do throws(JSONError) { return try JSON(parsing: bytes) } catch {
            throw UnrecognizedMessageError(reason: "the message is not valid JSON: \(error)")
        }
    }

    private static func envelope(_ bytes: [UInt8]) throws(UnrecognizedMessageError) -> SNSMessage {
        do throws(SNSError) { return try SNSMessage(parsing: bytes) } catch {
            throw UnrecognizedMessageError(reason: "the SNS envelope is not valid: \(error.message)")
        }
    }

    // MARK: Messages

    private func message(
        _ payload: [UInt8], from channel: Delivery.Channel, _ accountRegion: AccountRegion
    ) throws(UnrecognizedMessageError) -> JSON {
        let delivery = Delivery(
            id: "convert", accountRegion: accountRegion, channel: channel, receivedAt: .earliest, payload: payload)
        if channel == .sns, ignored.contains(try Self.parse(payload)) {
            throw UnrecognizedMessageError(reason: "the bridge ignores this message: it matches sns.ignore")
        }
        switch try DeliveryCommand(delivery, severities: mapping.severities) {
        case .alarm(let observation): return alarm(observation)
        case .verification(let disposition): return Self.update(disposition)
        case .audit:
            guard channel == .sns, case .audit(let notification) = try DeviceDefenderMessage(try Self.parse(payload))
            else {
                throw UnrecognizedMessageError(
                    reason:
                        "the effect of this event depends on the progress of the audit. Convert the audit notification instead."
                )
            }
            return summaries(of: notification.task, accountRegion)
        case .suppression:
            throw UnrecognizedMessageError(
                reason:
                    "a suppression changes only findings that the bridge has already sent. Convert an audit finding instead."
            )
        case .ignored(let reason): throw UnrecognizedMessageError(reason: "the bridge ignores this message: \(reason)")
        case .suppressionEnded, .refresh, .refreshSource, .expireSource, .archiveSource, .archiveStale, .violationOver,
            .suppressionList, .catchUp, .catchUpAlarms, .mappedItem:
            throw UnrecognizedMessageError(
                reason: "the bridge creates this message itself. Convert a message of SNS or EventBridge instead.")
        }
    }

    private func alarm(_ observation: Observation) -> JSON {
        let batch = AlarmBatchPlanner(
            [.alarm(observation)], known: [:], dispositions: [:], mapping: mapping, now: observation.finding.updatedAt)
        let updates = batch.updates { _ in true }.values.map(Self.update)
        return .array(batch.changes.compactMap(finding) + updates)
    }

    private static func update(_ disposition: VerificationDisposition) -> JSON {
        let finding = FindingIdentifier(
            id: disposition.subject, productARN: SecurityFinding.productARN(accountRegion: disposition.accountRegion))
        return AWSClient.updateRequest(of: [finding], changes: disposition.verification.changes)
    }

    private func summaries(of task: AuditTask, _ accountRegion: AccountRegion) -> JSON {
        guard mapping.checkSummaries else { return [] }
        let completions = Dictionary(
            SummaryRules.completions(of: task, accountRegion: accountRegion).map { ($0.check, $0) }
        ) {
            first, _ in first
        }
        let summaries = SummaryRules.observations(of: task, completions) { result in
            SecurityFinding(summaryOf: result, task: task, accountRegion: accountRegion, severities: mapping.severities)
        }
        return .array(summaries.sorted { $0.group < $1.group }.compactMap(finding))
    }

    private func auditFinding(_ json: JSON) throws(UnrecognizedMessageError) -> JSON {
        let auditFinding = try AuditFinding(json)
        let task = try AuditTask(of: auditFinding, scheduledAudit: scheduledAudit)
        let finding = SecurityFinding(
            auditFinding: auditFinding, task: task, accountRegion: accountRegion, severities: mapping.severities)
        return .array([Observation(auditFinding, task: task, finding: finding)].compactMap(self.finding))
    }

    private func finding(_ observation: Observation) -> JSON? {
        Planner.plan(
            [observation], known: nil, disposition: nil, mapping: mapping, now: observation.finding.updatedAt
        ).flatMap(finding)
    }

    private func finding(_ change: Change) -> JSON? {
        change.finding.flatMap { try? JSON(parsing: $0.serialized()) }
    }
}

extension AuditTask {
    /// The audit of an audit finding, as far as the finding describes it.
    fileprivate init(of finding: AuditFinding, scheduledAudit: String?) throws(UnrecognizedMessageError) {
        let start = finding.taskStartTime ?? finding.time
        var description: JSON.Members = [
            "taskStatus": "COMPLETED",
            "taskType": scheduledAudit == nil ? "ON_DEMAND_AUDIT_TASK" : "SCHEDULED_AUDIT_TASK",
            "taskStartTime": .number(String(Double(start.milliseconds) / 1000)),
        ]
        description["scheduledAuditName"] = scheduledAudit.map(JSON.string)
        try self.init(id: finding.taskID ?? "unknown", description: .object(description))
    }
}
