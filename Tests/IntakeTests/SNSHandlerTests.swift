import AWSCore
import Encoding
import Fixtures
import HTTPServer
import HTTPTypes
import JSON
import SNS
import SQLiteStore
import SourceMapping
import Store
import Synchronization
import TestSupport
import Testing

@testable import Intake
@testable import Planning

@Suite("SNS handler") struct SNSHandlerTests {
    @Test("A signed notification is stored unchanged; a repetition is a duplicate", arguments: ["1", "2"])
    func stored(version: String) async throws {
        try await withIntake { harness in
            let envelope = try SNSEnvelope("Notification", version: version).signed()
            expectAccepted(try await harness.sns(envelope.body), .stored)
            expectAccepted(try await harness.sns(envelope.body), .duplicate)
            #expect(try await harness.store.queueStatus().pending == 1)
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            let delivery = try #require(batch.deliveries.first?.delivery)
            #expect(delivery.id == "sns:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324" && delivery.channel == .sns)
            #expect(delivery.accountRegion == (try accountRegion()) && delivery.receivedAt == now)
            #expect(delivery.payload == Messages.alarm().serialized())
        }
    }

    @Test("A message that matches sns.ignore is counted and not stored; one of Device Defender is stored")
    func ignored() async throws {
        try await withIntake { harness in
            let patterns = [try EventPattern(["AlarmName": [["prefix": "test-"]]])]
            func post(_ message: JSON, on topics: TopicPolicy? = nil) async throws -> IntakeResult {
                let text = JSON.string(String(decoding: message.serialized(), as: UTF8.self))
                let envelope = try SNSEnvelope("Notification").with("Message", text).signed()
                return try await harness.sns(envelope.body, topics: topics, ignored: patterns)
            }
            let result = try await post(["AlarmName": "test-1"])
            expectAccepted(result, .ignored)
            #expect(result.deliveries?.ignored == 1 && result.deliveries?.unrelatedTopic == nil)
            let central = try TopicPolicy(
                topics: [SNSEnvelope.topic + "=*"], accounts: [#require(AccountID("444455556666"))])
            expectAccepted(try await post(["AlarmName": "test-1"], on: central), .ignored)
            #expect(try await harness.store.queueStatus().pending == 0)
            let alarm = try #require(Messages.alarm().object)
            let named = JSON.object(alarm.merging(["AlarmName": "test-1"]) { first, _ in first })
            expectAccepted(try await post(named), .stored)
            expectAccepted(try await post(["AlarmName": "prod-1"]), .duplicate)
        }
    }

    @Test("A body that is not an envelope gets 400, and nothing is stored")
    func malformed() async throws {
        try await withIntake { harness in
            for (body, code) in [
                ("", "malformed_json"), ("{", "malformed_json"), ("[]", "raw_delivery"),
                ("{\"Type\":5}", "field_not_a_string"), (String(repeating: "[", count: 5000), "malformed_json"),
            ] {
                try expectRejection(try await harness.sns(Array(body.utf8)), 400, code)
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A genuine message outside of the time limits gets 503, and nothing is stored")
    func wrongClock() async throws {
        try await withIntake { harness in
            let envelope = try SNSEnvelope("Notification")
            for (time, code) in [
                ("2026-11-22T08:00:00.000Z", "message_too_old"), ("2026-11-22T11:00:00.000Z", "message_from_future"),
            ] {
                let result = try await harness.sns(envelope.with("Timestamp", .string(time)).signed().body)
                try expectRejection(result, 503, code)
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A message that is not allowed or forged gets 403, and nothing is stored")
    func rejected() async throws {
        try await withIntake { harness in
            let envelope = try SNSEnvelope("Notification")
            let other = "arn:aws:sns:us-east-1:111122223333:other"
            try expectRejection(
                try await harness.sns(envelope.with("TopicArn", .string(other)).signed().body), 403, "topic_not_allowed"
            )
            let forged = try envelope.signed().with("Message", "{}")
            try expectRejection(try await harness.sns(forged.body), 403, "signature_mismatch")
            let elsewhere = try envelope.with("SigningCertURL", "https://sns.s3.amazonaws.com/x.pem").signed()
            try expectRejection(try await harness.sns(elsewhere.body), 403, "signing_certificate_url_refused")
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A raw delivery is rejected")
    func raw() async throws {
        try await withIntake { harness in
            let name = try #require(HTTPField.Name("x-amz-sns-rawdelivery"))
            let result = try await harness.sns(Messages.alarm().serialized(), fields: [name: "true"])
            try expectRejection(result, 400, "raw_delivery")
        }
    }

    @Test("A certificate that cannot be fetched gives 503")
    func noCertificate() async throws {
        try await withIntake { harness in
            harness.certificate.withLock { $0 = .failure(.unreachable("no route")) }
            let result = try await harness.sns(try SNSEnvelope("Notification").signed().body)
            try expectRejection(result, 503, "signing_certificate_unavailable")
        }
    }

    @Test("An unavailable store gives 503 on both routes")
    func noStore() async throws {
        try await withIntake { harness in
            await harness.store.close()
            let sns = try await harness.sns(try SNSEnvelope("Notification").signed().body)
            try expectRejection(sns, 503, "store_unavailable")
            let event = Messages.verification("UNKNOWN", time: "2026-11-22T10:00:00Z")
            try expectRejection(try await harness.eventBridge(event.serialized()), 503, "store_unavailable")
        }
    }

    @Test("On a central topic an audit belongs to its stated account, if that is listed; other messages state none")
    func central() async throws {
        try await withIntake { harness in
            let listed = Set(try ["444455556666", "777788889999"].map { try #require(AccountID($0)) })
            let central = try TopicPolicy(topics: [SNSEnvelope.topic + "=*"], accounts: listed)
            func sns(_ id: String, _ message: JSON, _ topics: TopicPolicy? = nil) async throws -> IntakeResult {
                let text = String(decoding: message.serialized(), as: UTF8.self)
                let envelope = try SNSEnvelope("Notification").with("MessageId", .string(id))
                    .with("Message", .string(text)).signed()
                return try await harness.sns(envelope.body, topics: topics ?? central)
            }
            expectAccepted(try await sns("1", Messages.audit(account: "444455556666")), .stored)
            expectAccepted(try await sns("1", Messages.audit(account: "444455556666")), .duplicate)
            for message in [
                Messages.audit(account: "999900001111"), Messages.audit(account: "111122223333"), Messages.alarm(),
                ["accountId": "444455556666"],
            ] {
                try expectRejection(try await sns("2", message), 403, "account_not_allowed")
            }
            let withOwn = try TopicPolicy(
                topics: [SNSEnvelope.topic + "=*"],
                accounts: listed.union([try #require(AccountID("111122223333"))]))
            // An alarm that states an account is not trusted.
            var alarm = try #require(Messages.alarm().object)
            alarm["accountId"] = "444455556666"
            expectAccepted(try await sns("3", .object(alarm), withOwn), .stored)
            // On any other topic, an audit belongs to the topic's own account.
            let plain = try TopicPolicy(topics: [SNSEnvelope.topic])
            expectAccepted(try await sns("4", Messages.audit(account: "444455556666"), plain), .stored)
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            let accounts = Dictionary(
                uniqueKeysWithValues: batch.deliveries.map {
                    ($0.delivery.id, $0.delivery.accountRegion.account.digits)
                })
            #expect(
                accounts == ["sns:1": "444455556666", "sns:3": "111122223333", "sns:4": "111122223333"])
            let audit = try #require(batch.deliveries.first { $0.delivery.id == "sns:1" }).delivery
            guard case .audit = try DeliveryCommand(audit) else {
                Issue.record("the audit is not worked on")
                return
            }
        }
    }

    @Test("A new message that is not Device Defender's reports its topic; Device Defender's and duplicates do not")
    func unrelated() async throws {
        try await withIntake { harness async throws in
            func sns(_ id: String, _ text: String) async throws -> IntakeResult {
                try await harness.sns(
                    try SNSEnvelope("Notification").with("MessageId", .string(id)).with("Message", .string(text))
                        .signed().body)
            }
            for (id, text) in [
                ("1", "a test from the console"), ("2", #"{"AlarmName": "x", "NewStateValue": "ALARM"}"#),
            ] {
                #expect(try await sns(id, text).deliveries?.unrelatedTopic?.description == SNSEnvelope.topic)
                #expect(try await sns(id, text).deliveries?.unrelatedTopic == nil)
            }
            #expect(
                try await sns("3", String(decoding: Messages.audit().serialized(), as: UTF8.self)).deliveries?
                    .unrelatedTopic == nil
            )
            #expect(try await sns("4", #"{"violationEventType": 5}"#).deliveries?.unrelatedTopic == nil)
        }
    }
}
