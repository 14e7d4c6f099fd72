import AWSCore
import Encoding
import ErrorCodes
import JSON
import SNS
import TestSupport
import Testing

@Suite("SNS envelopes")
struct SNSMessageTests {
    @Test("a notification is parsed")
    func notification() throws {
        let message = try Envelope(.notification, version: "1").message()
        #expect(message.kind == .notification(subject: "A subject"))
        #expect(message.messageID == "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324")
        #expect(message.topic == ARN(Envelope.topic))
        #expect(message.message == "{\"violationId\": \"ü\\n\"}\nsecond line")
        #expect(message.publishedAt == Envelope.now)
        #expect(message.signatureVersion == .one)
        #expect(message.signature == [0, 0, 0])
        #expect(message.signingCertificateURL == Envelope.certificateURL)
    }

    @Test(
        "confirmations carry their token",
        arguments: [
            Envelope.Kind.subscriptionConfirmation, .unsubscribeConfirmation,
        ])
    func confirmations(kind: Envelope.Kind) throws {
        switch try Envelope(kind).message().kind {
        case .notification: Issue.record("taken for a notification")
        case .subscriptionConfirmation(let confirmation), .unsubscribeConfirmation(let confirmation):
            #expect(confirmation.token == "2336412f37fb687f5d51e6e2425c464de257eb")
            #expect(confirmation.subscribeURL.hasSuffix(confirmation.token))
        }
    }

    @Test("the string to sign has the fields of its type, in order")
    func stringToSign() throws {
        let notification = try Envelope(.notification).with("Message", "m").message()
        #expect(
            String(decoding: notification.stringToSign, as: UTF8.self) == """
                Message\nm\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubject\nA subject
                Timestamp\n2026-11-22T10:00:00.123Z\nTopicArn\n\(Envelope.topic)\nType\nNotification\n
                """)
        let withoutSubject = try Envelope(.notification).with("Message", "").with("Subject", nil).message()
        #expect(
            String(decoding: withoutSubject.stringToSign, as: UTF8.self) == """
                Message\n\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324
                Timestamp\n2026-11-22T10:00:00.123Z\nTopicArn\n\(Envelope.topic)\nType\nNotification\n
                """)
        for kind in [Envelope.Kind.subscriptionConfirmation, .unsubscribeConfirmation] {
            let confirmation = try Envelope(kind).with("Message", "m").with("SubscribeURL", "u").message()
            #expect(
                String(decoding: confirmation.stringToSign, as: UTF8.self) == """
                    Message\nm\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubscribeURL\nu
                    Timestamp\n2026-11-22T10:00:00.123Z\nToken\n2336412f37fb687f5d51e6e2425c464de257eb
                    TopicArn\n\(Envelope.topic)\nType\n\(kind.rawValue)\n
                    """)
        }
    }

    @Test(
        "Url and URL are the same field, and both together are rejected",
        arguments: [
            ("SigningCert", Envelope.Kind.notification), ("Subscribe", .subscriptionConfirmation),
        ])
    func spellings(name: String, kind: Envelope.Kind) throws {
        let envelope = Envelope(kind)
        let value = envelope.members[name + "URL"]
        let other = envelope.with(name + "URL", nil).with(name + "Url", value)
        #expect(try other.message() == envelope.message())
        let error = try #require(throws: SNSError.self) { try envelope.with(name + "Url", value).message() }
        #expect(error.code.rawValue == "field_ambiguous")
        #expect(error.kind == .malformed)
    }

    @Test("unknown members are ignored, whatever they contain")
    func extraMembers() throws {
        let envelope = Envelope(.notification)
        let attributes: JSON = ["a": ["Type": "String", "Value": "v"], "b": ["Type": "Binary", "Value": "AA=="]]
        let extended = envelope.with("MessageAttributes", attributes).with("Token", 1).with("New", nil)
            .with("UnsubscribeURL", 5)
        #expect(try extended.message() == envelope.message())
    }

    @Test("a field that is missing, empty or not a string is rejected", arguments: Envelope.Kind.allCases)
    func fields(kind: Envelope.Kind) throws {
        let names = Set(kind.signed + ["SignatureVersion", "Signature", "SigningCertURL"]).subtracting(["Type"])
        for name in names {
            for wrong in [.null, 1, true, ["a"], ["a": "b"]] as [JSON] {
                let error = try #require(throws: SNSError.self) { try Envelope(kind).with(name, wrong).message() }
                #expect(error.code.rawValue == "field_not_a_string", "\(name)")
            }
            guard name != "Subject" else { continue }
            let missing = try #require(throws: SNSError.self) { try Envelope(kind).with(name, nil).message() }
            #expect(missing.code.rawValue == "field_missing", "\(name)")
            guard name != "Message" else { continue }
            let empty = try #require(throws: SNSError.self) { try Envelope(kind).with(name, "").message() }
            #expect(empty.code.rawValue == "field_missing", "\(name)")
        }
    }

    @Test(
        "a field is accepted up to its limit and rejected beyond it",
        arguments: [
            ("MessageId", 100), ("Message", 524_288), ("Subject", 1024), ("SigningCertURL", 2048),
        ])
    func limits(name: String, maximum: Int) throws {
        let longest = String(repeating: "a", count: maximum)
        #expect(throws: Never.self) { try Envelope(.notification).with(name, .string(longest)).message() }
        let error = try #require(throws: SNSError.self) {
            try Envelope(.notification).with(name, .string(longest + "a")).message()
        }
        #expect(error.code.rawValue == "field_too_long")
        #expect(error.message.utf8.count < 200)
    }

    @Test(
        "Token and SubscribeURL are accepted up to their limits", arguments: ["Token", "SubscribeURL"])
    func confirmationLimits(name: String) throws {
        let longest = String(repeating: "a", count: 2048)
        let envelope = Envelope(.subscriptionConfirmation)
        #expect(throws: Never.self) { try envelope.with(name, .string(longest)).message() }
        let error = try #require(throws: SNSError.self) { try envelope.with(name, .string(longest + "a")).message() }
        #expect(error.code.rawValue == "field_too_long")
    }

    @Test(
        "an invalid value of a field is rejected",
        arguments: [
            ("Type", "notification", "unknown_type"), ("Type", "", "field_missing"),
            ("TopicArn", "arn:aws:sqs:us-east-1:111122223333:q", "invalid_topic_arn"),
            ("TopicArn", "arn:aws:sns:us-east-1:111122223333:t:5be8-subscription", "invalid_topic_arn"),
            ("TopicArn", "arn:aws:sns:us-east-1:111122223333:tü", "invalid_topic_arn"),
            ("TopicArn", "arn:aws:sns:us-east-1:111122223333:.fifo", "invalid_topic_arn"),
            ("TopicArn", "topic", "invalid_topic_arn"),
            ("Timestamp", "2026-11-22 10:00:00", "invalid_timestamp"), ("Timestamp", "now", "invalid_timestamp"),
            ("SignatureVersion", "3", "signature_version_unknown"),
            ("SignatureVersion", "01", "signature_version_unknown"),
            ("SignatureVersion", "1 ", "signature_version_unknown"),
            ("Signature", "AAA", "invalid_signature_encoding"), ("Signature", "AA-_", "invalid_signature_encoding"),
            ("Signature", "AAAA\u{20}", "invalid_signature_encoding"),
            ("Signature", "AAB=", "invalid_signature_encoding"),
            ("Signature", "AAA=AAAA", "invalid_signature_encoding"),
            ("Signature", "====", "invalid_signature_encoding"),
            ("Signature", String(repeating: "A", count: 2052), "field_too_long"),
        ])
    func values(name: String, value: String, code: String) throws {
        let error = try #require(throws: SNSError.self) {
            try Envelope(.notification).with(name, .string(value)).message()
        }
        #expect(error.code.rawValue == code)
        #expect(error.kind == (code == "signature_version_unknown" ? .rejected : .malformed))
    }

    @Test(
        "a signed field with a line break is rejected, because it would be ambiguous",
        arguments: [
            "MessageId", "Subject", "Timestamp", "TopicArn", "Type",
        ])
    func lineBreaks(name: String) throws {
        for character in ["\n", "\r", "\0", "\u{7F}"] {
            let value = Envelope(.notification).members[name]?.string ?? ""
            let error = try #require(throws: SNSError.self) {
                try Envelope(.notification).with(name, .string(value + character)).message()
            }
            #expect(error.code.rawValue == "field_invalid")
        }
    }

    @Test(
        "a body that is not exactly one JSON object is rejected",
        arguments: [
            ("", "malformed_json"), ("{", "malformed_json"), ("not json", "malformed_json"), ("{}{}", "malformed_json"),
            ("{\"Type\": \"Notification\", \"Type\": \"Notification\"}", "malformed_json"),
            ("{\"Type\": \"Notification\", \"T\\u0079pe\": \"Notification\"}", "malformed_json"),
            ("{\"Type\": \"\\ud800\"}", "malformed_json"),
            ("{\"Type\":" + String(repeating: "[", count: 100_000), "malformed_json"),
            ("{\"Type\": \"Notification\", \"a\": [" + String(repeating: "0,", count: 1000) + "0]}", "malformed_json"),
        ])
    func notJSON(body: String, code: String) throws {
        let error = try #require(throws: SNSError.self) { try SNSMessage(parsing: Array(body.utf8)) }
        #expect(error.code.rawValue == code)
        #expect(error.kind == .malformed)
    }

    @Test("a body that is too long is rejected before it is parsed")
    func longBody() throws {
        let body = [UInt8](repeating: UInt8(ascii: " "), count: SNSMessage.maximumBodyLength + 1)
        let error = try #require(throws: SNSError.self) { try SNSMessage(parsing: body) }
        #expect(error.code.rawValue == "body_too_large")
    }

    @Test(
        "a message without an envelope is distinguished from a malformed one",
        arguments: [
            "{\"violationId\": \"37e1\"}", "[]", "\"text\"", "{}", "null",
        ])
    func rawDelivery(body: String) throws {
        let error = try #require(throws: SNSError.self) { try SNSMessage(parsing: Array(body.utf8)) }
        #expect(error.code.rawValue == "raw_delivery")
        #expect(
            error.message
                == "Raw message delivery is on: the message has no signature. Turn it off for this subscription.")
        #expect(throws: error) { try SNSMessage.requireEnvelope(isRaw: true) }
        #expect(throws: Never.self) { try SNSMessage.requireEnvelope(isRaw: false) }
    }

    @Test("a body that is truncated anywhere is rejected")
    func cutOff() throws {
        let body = Envelope(.subscriptionConfirmation).body
        for length in 0..<body.count {
            #expect(throws: SNSError.self) { try SNSMessage(parsing: Array(body[..<length])) }
        }
    }
}
