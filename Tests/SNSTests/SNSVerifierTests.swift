import AWSCore
import Encoding
import ErrorCodes
import JSON
import SNS
import TestSupport
import Testing

@Suite("Verifying SNS messages")
struct SNSVerifierTests {
    private let fetch: ControlledFetch
    private let verifier: SNSVerifier

    init() async throws {
        let fetch = ControlledFetch(.success(try await Signer.shared.certificate()))
        self.fetch = fetch
        verifier = try await Self.verifier(fetch)
    }

    private static func verifier(
        _ fetch: ControlledFetch, topics: [String] = [Envelope.topic],
        minimumVersion: SNSMessage.SignatureVersion = .one
    ) async throws -> SNSVerifier {
        SNSVerifier(
            topics: try TopicPolicy(topics: topics),
            certificates: SigningCertificateCache(authorities: try await Signer.shared.trustStore()) {
                url throws(SigningCertificateCache.FetchError) in try await fetch(url)
            }, maximumAge: .seconds(3600), minimumVersion: minimumVersion)
    }

    private func rejection(_ envelope: Envelope, now: Timestamp = Envelope.now) async throws -> SNSError? {
        let message = try envelope.message()
        do throws(SNSError) {
            try await verifier.verify(message, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("a message that OpenSSL signed is verified", arguments: Envelope.Kind.allCases, ["1", "2"])
    func genuine(kind: Envelope.Kind, version: String) async throws {
        let envelope = try await Envelope(kind, version: version).signed(kind.signed)
        #expect(try await rejection(envelope) == nil)
        #expect(fetch.urls == [Envelope.certificateURL])
    }

    @Test("a change of any signed field is detected", arguments: Envelope.Kind.allCases, ["1", "2"])
    func changed(kind: Envelope.Kind, version: String) async throws {
        let verifier = try await Self.verifier(fetch, topics: [Envelope.topic, Envelope.topic + "x"])
        let envelope = try await Envelope(kind, version: version).signed(kind.signed)
        for name in kind.signed {
            let value = try #require(envelope.members[name]?.string)
            let changed: Envelope =
                switch name {
                case "Timestamp": envelope.with(name, "2026-11-22T10:00:00.124Z")
                case "Type" where kind == .subscriptionConfirmation: envelope.with(name, "UnsubscribeConfirmation")
                case "Type" where kind == .unsubscribeConfirmation: envelope.with(name, "SubscriptionConfirmation")
                case "Type":
                    envelope.with(name, "SubscriptionConfirmation").with("Token", "t").with("SubscribeURL", "u")
                default: envelope.with(name, .string(value + "x"))
                }
            let message = try changed.message()
            let error = await #expect(throws: SNSError.self, "\(name)") {
                try await verifier.verify(message, now: Envelope.now)
            }
            #expect(error?.code.rawValue == "signature_mismatch", "\(name)")
            #expect(error?.kind == .rejected)
        }
    }

    /// The bits are flipped in the body, as an attacker in transit could; a malformed envelope is rejected as well.
    @Test("a flip of any bit of any signed field is detected", arguments: Envelope.Kind.allCases, ["1", "2"])
    func flipped(kind: Envelope.Kind, version: String) async throws {
        let verifier = try await Self.verifier(fetch, topics: ["arn:aws:sns:us-east-1:111122223333:*"])
        let body = try await Envelope(kind, version: version).signed(kind.signed).body
        try await verifier.verify(try SNSMessage(parsing: body), now: Envelope.now)
        var count = 0
        for name in kind.signed {
            let start = try #require(body.firstRange(of: Array("\"\(name)\":\"".utf8))).upperBound
            var end = start
            while body[end] != UInt8(ascii: "\"") { end += body[end] == UInt8(ascii: "\\") ? 2 : 1 }
            for index in start..<end {
                for bit in 0..<8 {
                    var flipped = body
                    flipped[index] ^= 1 << bit
                    await #expect(throws: SNSError.self, "\(name), byte \(index - start), bit \(bit)") {
                        try await verifier.verify(try SNSMessage(parsing: flipped), now: Envelope.now)
                    }
                    count += 1
                }
            }
        }
        #expect(count > 1400)
    }

    @Test("signature version 1 can be forbidden, and then causes no fetch")
    func minimumVersion() async throws {
        let strict = try await Self.verifier(fetch, minimumVersion: .two)
        let names = Envelope.Kind.notification.signed
        let old = try await Envelope(.notification, version: "1").signed(names).message()
        let error = await #expect(throws: SNSError.self) { try await strict.verify(old, now: Envelope.now) }
        #expect(error?.code.rawValue == "signature_version_too_low" && error?.kind == .rejected)
        #expect(fetch.urls.isEmpty)
        let new = try await Envelope(.notification, version: "2").signed(names).message()
        try await strict.verify(new, now: Envelope.now)
    }

    @Test("a message belongs to the account that the topic carries")
    func accountRegion() async throws {
        let verifier = try await Self.verifier(fetch, topics: [Envelope.topic + "=444455556666"])
        let message = try await Envelope(.notification).signed(Envelope.Kind.notification.signed).message()
        #expect(try await verifier.verify(message, now: Envelope.now).description == "444455556666/us-east-1")
    }

    @Test("an equal time in another format has another signature")
    func timestampText() async throws {
        let envelope = try await Envelope(.notification).with("Timestamp", "2026-11-22T10:00:00.000Z")
            .signed(Envelope.Kind.notification.signed)
        #expect(try await rejection(envelope) == nil)
        #expect(
            try await rejection(envelope.with("Timestamp", "2026-11-22T10:00:00Z"))?.code.rawValue
                == "signature_mismatch")
    }

    @Test("a subject is signed if it is present, even if it is empty")
    func subject() async throws {
        let names = Envelope.Kind.notification.signed
        let empty = try await Envelope(.notification).with("Subject", "").signed(names)
        #expect(try await rejection(empty) == nil)
        #expect(try await rejection(empty.with("Subject", nil))?.code.rawValue == "signature_mismatch")
        let none = try await Envelope(.notification).with("Subject", nil).signed(names)
        #expect(try await rejection(none) == nil)
        #expect(try await rejection(none.with("Subject", ""))?.code.rawValue == "signature_mismatch")
    }

    @Test("a signature is valid for its own version only")
    func otherVersion() async throws {
        let envelope = try await Envelope(.notification, version: "1").signed(Envelope.Kind.notification.signed)
        #expect(try await rejection(envelope.with("SignatureVersion", "2"))?.code.rawValue == "signature_mismatch")
    }

    @Test("SigningCertUrl is accepted")
    func otherSpelling() async throws {
        let envelope = try await Envelope(.subscriptionConfirmation).signed(
            Envelope.Kind.subscriptionConfirmation.signed
        )
        .with("SigningCertURL", nil).with("SigningCertUrl", .string(Envelope.certificateURL))
        let subscribeURL = envelope.members["SubscribeURL"]
        #expect(try await rejection(envelope.with("SubscribeURL", nil).with("SubscribeUrl", subscribeURL)) == nil)
    }

    @Test("a signature of another key is rejected")
    func otherKey() async throws {
        let envelope = try await Envelope(.notification).signed(Envelope.Kind.notification.signed, by: await Signer())
        #expect(try await rejection(envelope)?.code.rawValue == "signature_mismatch")
    }

    @Test(
        "a message that is rejected for another reason causes no fetch",
        arguments: [
            ("TopicArn", "arn:aws:sns:us-east-1:999922223333:device-defender-detect", "topic_not_allowed"),
            (
                "SigningCertURL", "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-a.pem",
                "signing_certificate_url_refused"
            ),
        ])
    func nothingFetched(name: String, value: String, code: String) async throws {
        #expect(try await rejection(Envelope(.notification).with(name, .string(value)))?.code.rawValue == code)
        #expect(fetch.urls.isEmpty)
    }

    @Test(
        "a genuine message outside of the time limits is unavailable; a forged one is rejected",
        arguments: [
            (Int64(0), nil), (3_900_000, nil), (-300_000, nil), (3_900_001, "message_too_old"),
            (172_800_000, "message_too_old"), (-300_001, "message_from_future"), (-172_800_000, "message_from_future"),
        ] as [(Int64, String?)])
    func wrongClock(ahead: Int64, code: String?) async throws {
        let genuine = try await Envelope(.notification).with("Timestamp", "2026-11-22T10:00:00.000Z")
            .signed(Envelope.Kind.notification.signed)
        let now = try #require(SNSTimestamp.parse("2026-11-22T10:00:00.000Z")) + ahead
        let error = try await rejection(genuine, now: now)
        #expect(error?.code.rawValue == code && error?.kind == (code == nil ? nil : .unavailable))
        let forged = try await rejection(genuine.with("Message", "{}"), now: now)
        #expect(forged?.code.rawValue == "signature_mismatch" && forged?.kind == .rejected)
    }

    @Test("an expired certificate is unavailable if the signature is genuine")
    func certificateNotValid() async throws {
        let now = Envelope.now.milliseconds / 1000
        fetch.answer(.success(try await Signer.shared.certificate(validity: (now + 10)...(now + 1000))))
        let genuine = try await Envelope(.notification).signed(Envelope.Kind.notification.signed)
        let error = try await rejection(genuine)
        #expect(error?.code.rawValue == "signing_certificate_not_valid" && error?.kind == .unavailable)
        #expect(try await rejection(genuine.with("Message", "{}"))?.kind == .rejected)
        #expect(try await rejection(genuine, now: Timestamp((now + 10) * 1000)) == nil)
        #expect(fetch.urls.count == 1)
    }

    @Test("the topic is checked first")
    func topicFirst() async throws {
        let envelope = Envelope(.notification).with("TopicArn", "arn:aws:sns:us-east-1:999922223333:t")
            .with("SigningCertURL", "https://evil.example/").with("Timestamp", "2000-01-01T00:00:00Z")
        #expect(try await rejection(envelope)?.code.rawValue == "topic_not_allowed")
    }

    @Test("a message whose certificate cannot be fetched is unavailable")
    func unavailable() async throws {
        fetch.answer(.failure(.unreachable("no such host")))
        let envelope = try await Envelope(.notification).signed(Envelope.Kind.notification.signed)
        let error = try await rejection(envelope)
        #expect(error?.code.rawValue == "signing_certificate_unavailable")
        #expect(error?.kind == .unavailable)
        fetch.answer(.success(try await Signer.shared.certificate()))
        #expect(try await rejection(envelope) == nil)
    }
}
