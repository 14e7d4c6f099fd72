import AWSCore
import Encoding
import JSON
import Testing

@testable import DeviceDefender

@Suite("EventBridge events")
struct EventBridgeEventTests {
    @Test("the envelope is parsed")
    func envelope() throws {
        let event = try EventBridgeEvent(Payloads.verification)
        #expect(event.id == "6a7e8feb-b491-4cf7-a9f1-bf3703467718")
        #expect(event.accountRegion.description == "111122223333/us-east-1")
        #expect(event.time.iso8601 == "2026-11-22T10:00:00.000Z")
        #expect(event.source == "aws.iot")
        #expect(event.detailType == "AWS API Call via CloudTrail")
    }

    @Test("a verification is parsed", arguments: VerificationState.allCases)
    func verification(state: VerificationState) throws {
        let json = Payloads.verification.setting(
            "detail", "requestParameters", "verificationState", to: .string(state.rawValue))
        #expect(
            try EventBridgeEvent(json).change
                == .verification(violationID: "37e1", state: state, description: "lab device"))
    }

    @Test("a verification without a description is parsed")
    func withoutDescription() throws {
        let json = Payloads.verification.setting("detail", "requestParameters", "verificationStateDescription", to: "")
        #expect(
            try EventBridgeEvent(json).change
                == .verification(violationID: "37e1", state: .falsePositive, description: nil))
    }

    @Test("created and updated suppressions are parsed with their expiration, deleted ones without")
    func suppressions() throws {
        let created = try EventBridgeEvent(Payloads.suppression)
        guard case .suppressionCreated(let suppression) = created.change else {
            Issue.record("not a created suppression")
            return
        }
        #expect(suppression.check.name == "DEVICE_CERTIFICATE_EXPIRING_CHECK")
        #expect(suppression.resource.deviceCertificateID == "abcdef")
        #expect(suppression.expirationDate?.iso8601 == "2027-08-20T00:00:00.000Z")
        #expect(suppression.suppressIndefinitely == false)
        let updated = Payloads.suppression.setting("detail", "eventName", to: "UpdateAuditSuppression")
        #expect(try EventBridgeEvent(updated).change == .suppressionUpdated(suppression))
        let deleted = Payloads.suppression.setting("detail", "eventName", to: "DeleteAuditSuppression")
        #expect(
            try EventBridgeEvent(deleted).change
                == .suppressionDeleted(check: suppression.check, resource: suppression.resource))
    }

    @Test("a listed suppression is parsed, with its expiration in seconds")
    func listed() throws {
        let suppression = try AuditSuppression([
            "checkName": "LOGGING_DISABLED_CHECK", "resourceIdentifier": ["account": "111122223333"],
            "expirationDate": .number("1724112000.0"), "suppressIndefinitely": false,
        ])
        #expect(suppression.check.name == "LOGGING_DISABLED_CHECK")
        #expect(suppression.resource.account == "111122223333")
        #expect(suppression.expirationDate?.iso8601 == "2024-08-20T00:00:00.000Z")
        #expect(throws: UnrecognizedMessageError.self) { try AuditSuppression(["checkName": "X"]) }
    }

    @Test("an expiration date of unknown format counts as absent")
    func unknownExpiry() throws {
        let json = Payloads.suppression.setting("detail", "requestParameters", "expirationDate", to: "one day")
        guard case .suppressionCreated(let suppression) = try EventBridgeEvent(json).change else {
            Issue.record("not a created suppression")
            return
        }
        #expect(suppression.expirationDate == nil)
    }

    @Test("Members that an input transformer leaves empty count as absent")
    func transformed() throws {
        let verification = Payloads.verification.setting("detail", "errorCode", to: "")
            .setting("detail", "requestParameters", "verificationStateDescription", to: "")
            .setting("detail-type", to: "")
        #expect(
            try EventBridgeEvent(verification).change
                == .verification(violationID: "37e1", state: .falsePositive, description: nil))
        let parameters: [(String, JSON)] = [
            ("suppressIndefinitely", ""), ("expirationDate", "1893456000"), ("description", ""),
            (
                "resourceIdentifier",
                [
                    "account": "111122223333", "deviceCertificateId": "",
                    "policyVersionIdentifier": ["policyName": "", "policyVersionId": ""],
                    "issuerCertificateIdentifier": "",
                ]
            ),
        ]
        var json = Payloads.suppression
        for (name, value) in parameters { json = json.setting("detail", "requestParameters", name, to: value) }
        guard case .suppressionCreated(let suppression) = try EventBridgeEvent(json).change else {
            Issue.record("not a created suppression")
            return
        }
        #expect(suppression.suppressIndefinitely == nil)
        #expect(suppression.expirationDate?.iso8601 == "2030-01-01T00:00:00.000Z")
        #expect(suppression.resource.account == "111122223333" && suppression.resource.policyVersion == nil)
        let open = json.setting("detail", "requestParameters", "expirationDate", to: "")
            .setting("detail", "requestParameters", "suppressIndefinitely", to: "true")
        guard case .suppressionCreated(let endless) = try EventBridgeEvent(open).change else {
            Issue.record("not a created suppression")
            return
        }
        #expect(endless.expirationDate == nil && endless.suppressIndefinitely == true)
    }

    @Test("a canceled audit is parsed")
    func cancellation() throws {
        #expect(
            try EventBridgeEvent(Payloads.cancellation).change
                == .auditTaskCanceled(taskID: "4e2bcd1ccbc2a5dd15292a82ab80c380"))
    }

    @Test(
        "an event that does not affect findings is ignored with a reason",
        arguments: [
            (Payloads.verification.setting("detail", "errorCode", to: "AccessDenied"), "the call failed"),
            (
                Payloads.verification.setting("detail", "errorCode", to: "AccessDenied")
                    .setting("detail", "requestParameters", to: nil), "the call failed"
            ),
            (Payloads.event("CreateThing", nil), "not a call that changes findings"),
            (Payloads.verification.setting("source", to: "aws.s3"), "not from AWS IoT"),
            (Payloads.verification.setting("detail", "eventSource", to: "s3.amazonaws.com"), "not from AWS IoT"),
            (Payloads.verification.setting("detail-type", to: "Scheduled Event"), "not an API call"),
        ])
    func ignored(json: JSON, reason: String) throws {
        #expect(try EventBridgeEvent(json).change == .ignored(reason: reason))
    }

    @Test("CloudTrail's record replaces envelope members that a transformer removed")
    func trimmed() throws {
        let detail = try #require(Payloads.cancellation["detail"])
            .setting("eventID", to: "e-1").setting("recipientAccountId", to: "111122223333")
        let event = try EventBridgeEvent(["detail": detail])
        #expect(event.id == "e-1")
        #expect(event.accountRegion.description == "111122223333/us-east-1")
        #expect(event.time.iso8601 == "2026-11-22T10:00:00.000Z")
        #expect(event.change == .auditTaskCanceled(taskID: "4e2bcd1ccbc2a5dd15292a82ab80c380"))
    }

    @Test(
        "an event with missing or malformed account, Region, time or detail is unrecognized",
        arguments: ["account", "region", "detail", "time"])
    func malformedEnvelope(name: String) {
        let json = Payloads.cancellation.setting("detail", "awsRegion", to: nil)
            .setting("detail", "eventTime", to: nil)
        for value in Payloads.unusable + [5, .string(String(repeating: "x", count: 1000))] {
            #expect(throws: UnrecognizedMessageError.self) { try EventBridgeEvent(json.setting(name, to: value)) }
        }
    }

    @Test("An event without an ID is parsed, one with a malformed ID is not")
    func withoutID() throws {
        #expect(try EventBridgeEvent(Payloads.cancellation.setting("id", to: "")).id == nil)
        for value in [5, [:], .string(String(repeating: "x", count: 129))] as [JSON] {
            #expect(throws: UnrecognizedMessageError.self) {
                try EventBridgeEvent(Payloads.cancellation.setting("id", to: value))
            }
        }
    }

    @Test("A custom event bus's wrapper is removed, and its ID is used if the event has none")
    func unwrapped() throws {
        let event = Payloads.cancellation
        let wrapped: JSON = ["Data": event, "Metadata": [:], "SystemMetadata": ["aws:EventId": "bus-1"]]
        #expect(EventBridgeEvent.unwrapped(wrapped) == event && EventBridgeEvent.unwrapped(event) == event)
        #expect(EventBridgeEvent.id(of: wrapped) == event["id"]?.string)
        let anonymous: JSON = ["Data": event.setting("id", to: nil), "SystemMetadata": ["aws:EventId": "bus-1"]]
        #expect(EventBridgeEvent.id(of: anonymous) == "bus-1")
        #expect(EventBridgeEvent.id(of: event.setting("id", to: nil)) == nil)
        for json in [["Data": event], ["Data": "text", "Metadata": [:]], 5, [event]] as [JSON] {
            #expect(EventBridgeEvent.unwrapped(json) == json)
        }
        #expect(EventBridgeEvent.accountRegion(of: event)?.description == "111122223333/us-east-1")
        #expect(EventBridgeEvent.accountRegion(of: event.setting("region", to: "")) != nil)
        #expect(EventBridgeEvent.accountRegion(of: ["account": "1", "region": "us-east-1"]) == nil)
    }

    @Test("an event without any source is unrecognized")
    func withoutSource() {
        let json = Payloads.cancellation.setting("source", to: nil).setting("detail", "eventSource", to: nil)
        #expect(throws: UnrecognizedMessageError(reason: "event: source is missing")) { try EventBridgeEvent(json) }
    }

    @Test(
        "a relevant call without its parameters is unrecognized",
        arguments: [
            (Payloads.verification, "violationId"), (Payloads.verification, "verificationState"),
            (Payloads.suppression, "checkName"), (Payloads.suppression, "resourceIdentifier"),
            (Payloads.cancellation, "taskId"),
        ])
    func missingParameters(json: JSON, name: String) {
        for value in Payloads.unusable + ["a b/c"] {
            #expect(throws: UnrecognizedMessageError.self) {
                try EventBridgeEvent(json.setting("detail", "requestParameters", name, to: value))
            }
        }
        #expect(throws: UnrecognizedMessageError.self) {
            try EventBridgeEvent(json.setting("detail", "requestParameters", to: nil))
        }
    }
}
