package import AWSCore
package import Encoding
package import JSON

/// An AWS IoT API call that affects Device Defender's findings, from CloudTrail through EventBridge.
package struct EventBridgeEvent: Sendable, Hashable {
    /// The effect of the call.
    package enum Change: Sendable, Hashable {
        /// A verification state was set (`PutVerificationStateOnViolation`).
        case verification(violationID: String, state: VerificationState, description: String?)
        /// A suppression was created (`CreateAuditSuppression`).
        case suppressionCreated(AuditSuppression)
        /// A suppression was changed (`UpdateAuditSuppression`).
        case suppressionUpdated(AuditSuppression)
        /// A suppression was deleted (`DeleteAuditSuppression`).
        case suppressionDeleted(check: AuditCheck, resource: ResourceIdentifier)
        /// An audit was canceled (`CancelAuditTask`).
        case auditTaskCanceled(taskID: String)
        /// No effect on findings; the reason is one of a fixed set.
        case ignored(reason: String)
    }

    /// The event's ID, at most 128 characters; the same in repeated deliveries. Nil if an input transformer removed it.
    package let id: String?
    /// The account and Region of the call.
    package let accountRegion: AccountRegion
    /// The time of the call.
    package let time: Timestamp
    /// The event's source, for example `aws.iot`; nil if a transformer removed it.
    package let source: String?
    /// The event's detail type; nil if a transformer removed it.
    package let detailType: String?
    /// The effect of the call.
    package let change: Change

    /// Parses an event. If an input transformer removed a member of the envelope, the same value in CloudTrail's record
    /// is used.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if the envelope, or the parameters of a relevant call, are incomplete or
    ///   malformed.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
        let envelope = try Fields(json, at: "event")
        let detail = try envelope.object("detail")
        id = try envelope.optionalName("id", or: "eventID", of: detail, limit: 128)
        let accountDigits = try envelope.optionalName("account", or: "recipientAccountId", of: detail, limit: 12)
        guard let account = accountDigits.flatMap({ AccountID($0) }) else {
            throw UnrecognizedMessageError(reason: "event: account is missing or malformed")
        }
        let regionName = try envelope.optionalName("region", or: "awsRegion", of: detail, limit: 32)
        guard let region = regionName.flatMap({ Region($0) }) else {
            throw UnrecognizedMessageError(reason: "event: region is missing or malformed")
        }
        let timeText = try envelope.optionalName("time", or: "eventTime", of: detail, limit: 64)
        guard let time = timeText.flatMap({ Timestamp(iso8601: $0) }) else {
            throw UnrecognizedMessageError(reason: "event: time is missing or malformed")
        }
        accountRegion = AccountRegion(account: account, region: region)
        self.time = time
        source = try envelope.optionalName("source", limit: 256)
        detailType = try envelope.optionalName("detail-type", limit: 256)
        change = try Self.change(source: source, detailType: detailType, detail: detail)
    }

    private static func change(
        source: String?, detailType: String?, detail: Fields
    ) throws(UnrecognizedMessageError) -> Change {
        let eventSource = try detail.optionalName("eventSource", limit: 256)
        guard source != nil || eventSource != nil else {
            throw UnrecognizedMessageError(reason: "event: source is missing")
        }
        guard source ?? "aws.iot" == "aws.iot", eventSource ?? "iot.amazonaws.com" == "iot.amazonaws.com" else {
            return .ignored(reason: "not from AWS IoT")
        }
        guard detailType ?? "AWS API Call via CloudTrail" == "AWS API Call via CloudTrail" else {
            return .ignored(reason: "not an API call")
        }
        let name = try detail.name("eventName", limit: 256)
        guard let call = Call(word: name) else { return .ignored(reason: "not a call that changes findings") }
        guard detail["errorCode"] == nil else { return .ignored(reason: "the call failed") }
        return try call.change(detail.object("requestParameters"))
    }
}

extension EventBridgeEvent {
    /// Unwraps the event from a custom event bus (transformer `WITH_METADATA`): an object with the event as `Data`, and
    /// `Metadata` or `SystemMetadata`. Anything else is returned unchanged.
    package static func unwrapped(_ json: JSON) -> JSON {
        guard let data = json["Data"], data.object != nil, json["detail"] == nil,
            json["Metadata"] != nil || json["SystemMetadata"] != nil
        else { return json }
        return data
    }

    /// The ID of an event, even if the event is otherwise malformed: the event's own, CloudTrail's, or that of the
    /// custom event bus. Nil if there is none, or if it has more than 128 characters.
    ///
    /// - Parameter json: the event, with its wrapper if it has one.
    package static func id(of json: JSON) -> String? {
        let event = unwrapped(json)
        for id in [event["id"], event["detail"]?["eventID"], json["SystemMetadata"]?["aws:EventId"]] {
            guard let text = id?.string, (1...128).contains(text.utf8.count) else { continue }
            return text
        }
        return nil
    }

    /// The account and Region of an event, even if the event is otherwise malformed; nil if missing.
    package static func accountRegion(of json: JSON) -> AccountRegion? {
        let detail = json["detail"]
        func text(_ name: String, _ otherName: String) -> String? {
            for value in [json[name], detail?[otherName]] {
                guard let text = value?.string, !text.isEmpty else { continue }
                return text
            }
            return nil
        }
        guard let account = text("account", "recipientAccountId").flatMap({ AccountID($0) }),
            let region = text("region", "awsRegion").flatMap({ Region($0) })
        else { return nil }
        return AccountRegion(account: account, region: region)
    }
}

extension Fields {
    /// A member of this object or, if absent, another member of another object.
    fileprivate func optionalName(
        _ name: String, or otherName: String, of other: Fields, limit: Int
    ) throws(UnrecognizedMessageError) -> String? {
        if let text = try optionalName(name, limit: limit) { return text }
        return try other.optionalName(otherName, limit: limit)
    }
}

/// The relevant API calls, by CloudTrail's `eventName`.
private enum Call: String {
    case putVerificationState = "PutVerificationStateOnViolation"
    case createSuppression = "CreateAuditSuppression"
    case updateSuppression = "UpdateAuditSuppression"
    case deleteSuppression = "DeleteAuditSuppression"
    case cancelTask = "CancelAuditTask"

    func change(_ parameters: Fields) throws(UnrecognizedMessageError) -> EventBridgeEvent.Change {
        switch self {
        case .putVerificationState:
            return .verification(
                violationID: try parameters.identifier("violationId", limit: 128),
                state: try parameters.word("verificationState"),
                description: parameters.text("verificationStateDescription", limit: 1000))
        case .createSuppression: return .suppressionCreated(try AuditSuppression(parameters))
        case .updateSuppression: return .suppressionUpdated(try AuditSuppression(parameters))
        case .deleteSuppression:
            let suppression = try AuditSuppression(parameters)
            return .suppressionDeleted(check: suppression.check, resource: suppression.resource)
        case .cancelTask:
            return .auditTaskCanceled(
                taskID: try parameters.identifier("taskId", limit: AuditTask.maximumIDLength))
        }
    }
}
