import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store
import Testing

@testable import Bridge

@Suite struct DeliveryCommandTests {
    private func work(_ payload: JSON, _ channel: Delivery.Channel = .sns) throws -> DeliveryCommand {
        try DeliveryCommand(delivery("1", payload, from: channel, of: accountRegion()))
    }

    private func rejection(_ payload: JSON, _ channel: Delivery.Channel = .sns) -> String? {
        do {
            _ = try work(payload, channel)
            return nil
        } catch {
            return (error as? UnrecognizedMessageError)?.reason
        }
    }

    @Test("An alarm is an observation of the topic's account and Region")
    func alarm() throws {
        guard case .alarm(let seen) = try work(Messages.alarm()) else { throw UnexpectedError() }
        #expect(seen.finding.accountRegion == (try accountRegion()) && seen.time.milliseconds == now)
        #expect(try work(Messages.alarm()).kind == .alarms)
    }

    @Test("A finished audit is to be walked")
    func audit() throws {
        guard case .audit("task9") = try work(Messages.audit("task9")) else { throw UnexpectedError() }
        #expect(try work(Messages.audit()).kind == .audits)
    }

    @Test("An audit of another account than the topic's is refused")
    func foreignAudit() {
        #expect(
            rejection(Messages.audit(account: "999999999999")) == "the audit is of another account than the topic")
    }

    @Test("A verification carries its own time, also in an array of one event")
    func verification() throws {
        let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T09:00:00Z")
        for payload in [event, .array([event])] {
            guard case .verification(let said) = try work(payload, .eventBridge) else { throw UnexpectedError() }
            #expect(
                said.subject == FindingID.violation(id: "v1", accountRegion: try accountRegion()) && !said.isApplied)
            #expect(said.verification == Verification(state: .falsePositive, note: "lab device"))
            #expect(said.time.iso8601 == "2026-11-22T09:00:00.000Z")
        }
    }

    @Test("A suppression is work on audit findings, from its own time on, until its end")
    func suppression() throws {
        let time = "2026-11-22T09:00:00Z"
        let subject = try auditObservation("c1").subject
        for (call, until, isSuppressed) in [
            ("CreateAuditSuppression", nil, true), ("CreateAuditSuppression", "2026-12-01T00:00:00Z", true),
            ("UpdateAuditSuppression", "2026-12-01T00:00:00Z", true), ("DeleteAuditSuppression", nil, false),
        ] as [(String, String?, Bool)] {
            let work = try work(Messages.suppression(call, of: "c1", time: time, until: until), .eventBridge)
            guard case .suppression(let said, let keepsExpiry) = work else { throw UnexpectedError() }
            #expect(said.subject == subject && said.time.iso8601 == "2026-11-22T09:00:00.000Z")
            #expect(said.isSuppressed == isSuppressed && !keepsExpiry && work.kind == .audits)
            #expect(said.expiresAt == until.flatMap { Timestamp(iso8601: $0) })
        }
    }

    @Test("An update that does not mention the end leaves it as it was")
    func updatedWords() throws {
        let parameters: JSON = [
            "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"], "description": "x",
        ]
        guard
            case .suppression(_, keepsExpiry: true) = try work(
                Messages.event("UpdateAuditSuppression", parameters), .eventBridge)
        else { throw UnexpectedError() }
    }

    @Test("A canceled audit is walked like one that ended")
    func canceled() throws {
        let event = Messages.event("CancelAuditTask", ["taskId": "t1"])
        guard case .audit("t1") = try work(event, .eventBridge) else { throw UnexpectedError() }
    }

    @Test("A call that changes nothing, and one that failed, ask for nothing")
    func later() throws {
        for event in [
            Messages.event("CreateThing", [:]), Messages.event("CancelAuditTask", nil, errorCode: "AccessDenied"),
            Messages.event("CreateAuditSuppression", nil, errorCode: "AccessDenied"),
        ] {
            guard case .ignored = try work(event, .eventBridge) else { throw UnexpectedError() }
        }
    }

    @Test("What is due is read back from its delivery, and has one id for one time")
    func due() throws {
        let time = Timestamp(milliseconds: now)
        func delivery(_ work: InternalTask, at now: Int64 = now) throws -> Delivery {
            work.delivery(of: try accountRegion(), now: now)
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
        #expect(rejection(["refresh": "everything"], .schedule) == "the bridge does not know what is due")
    }

    @Test("What is not known is refused with the reason")
    func rejections() throws {
        #expect(rejection(["hello": 1])?.contains("neither an alarm") == true)
        #expect(rejection([1, 2])?.contains("neither an alarm") == true)
        #expect(rejection([:], .eventBridge)?.isEmpty == false)
        #expect(rejection([], .eventBridge)?.contains("must hold one event") == true)
        #expect(rejection([[:], [:]], .eventBridge)?.contains("must hold one event") == true)
        let broken = Delivery(
            id: "sns:1", accountRegion: try accountRegion(), channel: .sns, receivedAt: now,
            payload: Array("{\"a\":".utf8))
        do {
            _ = try DeliveryCommand(broken)
            Issue.record("broken JSON was read")
        } catch {
            #expect(error.reason.hasPrefix("the message is not JSON: "))
        }
    }
}

/// Something is of another kind than expected.
struct UnexpectedError: Error {}
