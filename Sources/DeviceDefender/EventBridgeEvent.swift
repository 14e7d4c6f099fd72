public import AWSCore
public import JSON

/// A call to the AWS IoT API that changes what Device Defender's findings mean, as EventBridge passes it on from
/// CloudTrail.
public struct EventBridgeEvent: Sendable, Hashable {
    /// What the call changes.
    public enum Change: Sendable, Hashable {
        /// Somebody said what an alarm was (`PutVerificationStateOnViolation`).
        case verification(violationID: String, state: VerificationState, description: String?)
        /// Findings about a resource were suppressed (`CreateAuditSuppression`).
        case suppressionCreated(AuditSuppression)
        /// The same for longer or shorter (`UpdateAuditSuppression`).
        case suppressionUpdated(AuditSuppression)
        /// They are suppressed no longer (`DeleteAuditSuppression`).
        case suppressionDeleted(check: AuditCheck, resource: ResourceIdentifier)
        /// An audit was stopped (`CancelAuditTask`).
        case auditTaskCanceled(taskID: String)
        /// Nothing that matters to findings; the reason is in fixed words.
        case ignored(reason: String)
    }

    /// The event's id, at most 128 characters: the same in repeated deliveries. Nil if an input transformer removed it.
    public let id: String?
    /// The account and Region that the call was made in.
    public let accountRegion: AccountRegion
    /// When the call was made.
    public let time: Timestamp
    /// The service that the event is about, for example `aws.iot`; nil if a transformer took it away.
    public let source: String?
    /// The kind of event; nil if a transformer took it away.
    public let detailType: String?
    /// What the call changes.
    public let change: Change

    /// Reads an event. Where an input transformer has taken away a member of the envelope, CloudTrail's own record of
    /// the same is used.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if the envelope, or the parameters of a call that matters, lack something or
    ///   are malformed.
    public init(_ json: JSON) throws(UnrecognizedMessageError) {
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
    /// The event inside the wrapper that a custom event bus puts around it (transformer `WITH_METADATA`): an object with
    /// the event as `Data`, and `Metadata` or `SystemMetadata` beside it. Anything else is returned as it is.
    public static func unwrapped(_ json: JSON) -> JSON {
        guard let data = json["Data"], data.object != nil, json["detail"] == nil,
            json["Metadata"] != nil || json["SystemMetadata"] != nil
        else { return json }
        return data
    }

    /// The id of an event, also of one that cannot be read otherwise: the event's own, CloudTrail's, or that which a custom
    /// event bus gave it. Nil if there is none, or one of more than 128 characters.
    ///
    /// - Parameter json: the event, with its wrapper if there is one.
    public static func id(of json: JSON) -> String? {
        let event = unwrapped(json)
        for id in [event["id"], event["detail"]?["eventID"], json["SystemMetadata"]?["aws:EventId"]] {
            guard let text = id?.string, (1...128).contains(text.utf8.count) else { continue }
            return text
        }
        return nil
    }

    /// The account and Region of an event, also of one that cannot be read otherwise; nil if it does not say.
    public static func accountRegion(of json: JSON) -> AccountRegion? {
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
    /// A name of this object or, if it is absent here, another name of another object.
    fileprivate func optionalName(
        _ name: String, or otherName: String, of other: Fields, limit: Int
    ) throws(UnrecognizedMessageError) -> String? {
        if let text = try optionalName(name, limit: limit) { return text }
        return try other.optionalName(otherName, limit: limit)
    }
}

/// The calls that matter, by CloudTrail's `eventName`.
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
