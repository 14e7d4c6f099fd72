import AWSCore
import Encoding
import Fixtures
import JSON
import SNS
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Intake

@Suite("SNS subscriptions") struct SubscriptionHandlingTests {
    @Test("A subscription is confirmed on the topic's own host, with the bridge's own URL")
    func confirmed() async throws {
        try await withIntake { harness in
            expectSubscription(
                try await harness.sns(try SNSEnvelope("SubscriptionConfirmation").signed().body), .confirmed)
            let topic = SNSEnvelope.topic.replacing(":", with: "%3A")
            #expect(
                harness.confirmed.withLock { $0 } == [
                    "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=\(topic)"
                        + "&Token=2336412f37fb&Version=2010-03-31"
                ])
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A failed confirmation gives 503, so that SNS retries", arguments: [nil, 302, 400, 500])
    func confirmationFailed(status: Int?) async throws {
        try await withIntake { harness in
            harness.confirmation.withLock { $0 = status.map { .success($0) } ?? .failure(UnexpectedError()) }
            let result = try await harness.sns(try SNSEnvelope("SubscriptionConfirmation").signed().body)
            try expectRejection(result, 503, "confirmation_failed")
        }
    }

    @Test("A subscription of a topic that is not allowed is rejected without a request")
    func foreignSubscription() async throws {
        try await withIntake { harness in
            let envelope = try SNSEnvelope("SubscriptionConfirmation")
                .with("TopicArn", "arn:aws:sns:us-east-1:999999999999:theirs").signed()
            try expectRejection(try await harness.sns(envelope.body), 403, "topic_not_allowed")
            #expect(harness.confirmed.withLock { $0 } == [])
        }
    }

    /// The stored state of the subscription.
    private func state(_ harness: IntakeHarness) async throws -> Subscription.State? {
        try await harness.store.subscription(to: try #require(ARN(SNSEnvelope.topic)))?.state
    }

    @Test("A repeated confirmation message causes no request, a new one does")
    func confirmedOnce() async throws {
        try await withIntake { harness in
            let first = try SNSEnvelope("SubscriptionConfirmation")
            expectSubscription(try await harness.sns(first.signed().body), .confirmed)
            #expect(try await state(harness) == .confirmed)
            expectSubscription(try await harness.sns(first.signed().body), .duplicate)
            #expect(harness.confirmed.withLock { $0.count } == 1)
            expectSubscription(try await harness.sns(first.with("MessageId", "another").signed().body), .confirmed)
            #expect(harness.confirmed.withLock { $0.count } == 2)
        }
    }

    @Test("A failed confirmation is stored as pending, and confirmed by the next message")
    func confirmedLater() async throws {
        try await withIntake { harness in
            harness.confirmation.withLock { $0 = .failure(UnexpectedError()) }
            let body = try SNSEnvelope("SubscriptionConfirmation").signed().body
            try expectRejection(try await harness.sns(body), 503, "confirmation_failed")
            #expect(try await state(harness) == .pending)
            harness.confirmation.withLock { $0 = .success(200) }
            expectSubscription(try await harness.sns(body), .confirmed)
            #expect(try await state(harness) == .confirmed)
        }
    }

    @Test("A confirmation that cannot be stored gives 503")
    func confirmedWithoutStore() async throws {
        try await withIntake { harness in
            await harness.store.close()
            let result = try await harness.sns(try SNSEnvelope("SubscriptionConfirmation").signed().body)
            try expectRejection(result, 503, "store_unavailable")
        }
    }

    @Test("With sns.confirm off the subscription is pending until the topic delivers")
    func confirmedByOperator() async throws {
        try await withIntake { harness in
            let off = SubscriptionManager.Policy(confirms: false)
            expectSubscription(
                try await harness.sns(try SNSEnvelope("SubscriptionConfirmation").signed().body, policy: off), .pending)
            #expect(harness.confirmed.withLock { $0 } == [])
            #expect(try await state(harness) == .pending)
            let later = try SNSEnvelope("Notification").with("Timestamp", "2026-11-22T10:00:01.000Z").signed()
            expectAccepted(try await harness.sns(later.body, policy: off), .stored)
            #expect(try await state(harness) == .confirmed)
        }
    }

    @Test("An ended subscription ignores older messages, and is renewed if sns.resubscribe is on")
    func resubscribed() async throws {
        try await withIntake { harness in
            func sns(_ type: String, _ id: String, at time: String, resubscribes: Bool = false) async throws
                -> IntakeResult
            {
                let envelope = try SNSEnvelope(type).with("MessageId", .string(id))
                    .with("Timestamp", .string("2026-11-22T10:00:\(time)Z")).signed()
                return try await harness.sns(
                    envelope.body, policy: SubscriptionManager.Policy(resubscribes: resubscribes))
            }
            expectSubscription(try await sns("UnsubscribeConfirmation", "u1", at: "10"), .unsubscribed)
            #expect(try await state(harness) == .ended)
            expectSubscription(try await sns("UnsubscribeConfirmation", "u1", at: "10"), .duplicate)
            expectSubscription(try await sns("SubscriptionConfirmation", "s1", at: "09"), .duplicate)
            expectAccepted(try await sns("Notification", "n1", at: "09"), .stored)
            #expect(try await state(harness) == .ended)
            #expect(harness.confirmed.withLock { $0 } == [])

            harness.confirmation.withLock { $0 = .success(500) }
            try expectRejection(
                try await sns("UnsubscribeConfirmation", "u2", at: "20", resubscribes: true), 503,
                "confirmation_failed")
            #expect(try await state(harness) == .ended)
            harness.confirmation.withLock { $0 = .success(200) }
            expectSubscription(
                try await sns("UnsubscribeConfirmation", "u2", at: "20", resubscribes: true), .resubscribed)
            #expect(try await state(harness) == .confirmed)
            #expect(harness.confirmed.withLock { $0.count } == 2)
            expectSubscription(
                try await sns("UnsubscribeConfirmation", "u2", at: "20", resubscribes: true), .duplicate)
            expectSubscription(
                try await sns("UnsubscribeConfirmation", "u1", at: "10", resubscribes: true), .duplicate)
        }
    }

    @Test("An unsubscribe is stored and not undone")
    func unsubscribed() async throws {
        try await withIntake { harness in
            expectSubscription(
                try await harness.sns(try SNSEnvelope("UnsubscribeConfirmation").signed().body), .unsubscribed)
            #expect(harness.confirmed.withLock { $0 } == [])
        }
    }
}
