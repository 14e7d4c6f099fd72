import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Planning

@Suite struct DeliveryCommandTests {
    private func command(_ payload: JSON, _ channel: Delivery.Channel = .sns) throws -> DeliveryCommand {
        try DeliveryCommand(delivery("1", payload, from: channel, of: accountRegion()))
    }

    private func rejection(_ payload: JSON, _ channel: Delivery.Channel = .sns) -> String? {
        do {
            _ = try command(payload, channel)
            return nil
        } catch {
            return (error as? UnrecognizedMessageError)?.reason
        }
    }

    @Test("An alarm belongs to the account and Region of the topic")
    func alarm() throws {
        guard case .alarm(let seen) = try command(Messages.alarm()) else { throw UnexpectedError() }
        #expect(seen.finding.accountRegion == (try accountRegion()) && seen.time == now)
        #expect(try command(Messages.alarm()).kind == .alarms)
    }

    @Test("A finished audit is imported")
    func audit() throws {
        guard case .audit("task9") = try command(Messages.audit("task9")) else { throw UnexpectedError() }
        #expect(try command(Messages.audit()).kind == .audits)
    }

    @Test("An audit of another account than the topic's is rejected")
    func foreignAudit() {
        #expect(
            rejection(Messages.audit(account: "999999999999")) == "the audit belongs to another account than the topic")
    }

    @Test("A verification has the time of its event, also in an array of one event")
    func verification() throws {
        let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T09:00:00Z")
        for payload in [event, .array([event])] {
            guard case .verification(let disposition) = try command(payload, .eventBridge) else {
                throw UnexpectedError()
            }
            #expect(
                disposition.subject == FindingID.violation(id: "v1", accountRegion: try accountRegion())
                    && !disposition.isApplied)
            #expect(disposition.verification == Verification(state: .falsePositive, note: "lab device"))
            #expect(disposition.time.iso8601 == "2026-11-22T09:00:00.000Z")
        }
    }

    @Test("A suppression is parsed with the time of its event and its end")
    func suppression() throws {
        let time = "2026-11-22T09:00:00Z"
        let subject = try auditObservation("c1").subject
        for (call, until, isSuppressed) in [
            ("CreateAuditSuppression", nil, true), ("CreateAuditSuppression", "2026-12-01T00:00:00Z", true),
            ("UpdateAuditSuppression", "2026-12-01T00:00:00Z", true), ("DeleteAuditSuppression", nil, false),
        ] as [(String, String?, Bool)] {
            let command = try command(Messages.suppression(call, of: "c1", time: time, until: until), .eventBridge)
            guard case .suppression(let disposition, let keepsExpiry) = command else { throw UnexpectedError() }
            #expect(disposition.subject == subject && disposition.time.iso8601 == "2026-11-22T09:00:00.000Z")
            #expect(disposition.isSuppressed == isSuppressed && !keepsExpiry && command.kind == .audits)
            #expect(disposition.expiresAt == until.flatMap { Timestamp(iso8601: $0) })
        }
    }

    @Test("An update without an end keeps the end of the suppression")
    func updatedWords() throws {
        let parameters: JSON = [
            "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"], "description": "x",
        ]
        guard
            case .suppression(_, keepsExpiry: true) = try command(
                Messages.event("UpdateAuditSuppression", parameters), .eventBridge)
        else { throw UnexpectedError() }
    }

    @Test("A canceled audit is imported like one that completed")
    func canceled() throws {
        let event = Messages.event("CancelAuditTask", ["taskId": "t1"])
        guard case .audit("t1") = try command(event, .eventBridge) else { throw UnexpectedError() }
    }

    @Test("Calls that change no finding and failed calls are ignored")
    func ignored() throws {
        for event in [
            Messages.event("CreateThing", [:]), Messages.event("CancelAuditTask", nil, errorCode: "AccessDenied"),
            Messages.event("CreateAuditSuppression", nil, errorCode: "AccessDenied"),
        ] {
            guard case .ignored = try command(event, .eventBridge) else { throw UnexpectedError() }
        }
    }

    @Test("A scheduled task survives the round trip through its delivery, and has one id for one time")
    func scheduled() throws {
        let time = now
        func delivery(_ task: InternalTask, at now: Timestamp = now) throws -> Delivery {
            task.delivery(of: try accountRegion(), now: now)
        }
        let ended = try delivery(.suppressionEnded(subject: "é", at: time))
        guard case .suppressionEnded("é", time) = try DeliveryCommand(ended) else { throw UnexpectedError() }
        #expect(try DeliveryCommand(ended).kind == .audits && ended.id.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(try delivery(.suppressionEnded(subject: "é", at: time), at: now + 9).id == ended.id)
        #expect(try delivery(.suppressionEnded(subject: "e", at: time)).id != ended.id)
        for kinds in InternalTask.RefreshedKinds.allCases {
            let refresh = try delivery(.refresh(kinds))
            guard case .refresh(kinds) = try DeliveryCommand(refresh) else { throw UnexpectedError() }
            #expect(try DeliveryCommand(refresh).kind == (kinds == .audits ? .audits : .alarms))
            #expect(try delivery(.refresh(kinds), at: now + 1).id == refresh.id)
            #expect(try delivery(.refresh(kinds), at: now + 86_400_000).id != refresh.id)
        }
        #expect(rejection(["refresh": "everything"], .schedule) == "unknown scheduled task")
    }

    @Test("Unknown and invalid messages are rejected with a reason")
    func rejections() throws {
        #expect(rejection(["hello": 1])?.contains("neither an alarm") == true)
        #expect(rejection([1, 2])?.contains("neither an alarm") == true)
        #expect(rejection([:], .eventBridge)?.isEmpty == false)
        #expect(rejection([], .eventBridge)?.contains("must contain one event") == true)
        #expect(rejection([[:], [:]], .eventBridge)?.contains("must contain one event") == true)
        let broken = Delivery(
            id: "sns:1", accountRegion: try accountRegion(), channel: .sns, receivedAt: now,
            payload: Array("{\"a\":".utf8))
        do {
            _ = try DeliveryCommand(broken)
            Issue.record("invalid JSON was parsed")
        } catch {
            #expect(error.reason.hasPrefix("the message is not JSON: "))
        }
    }
}
