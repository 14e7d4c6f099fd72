import Cryptography
import Encoding
import Fixtures
import FoundationEssentials
import JSON
import TestSupport

/// An SNS envelope, signed with a test key.
struct SNSEnvelope {
    static let topic = "arn:aws:sns:us-east-1:111122223333:device-defender"
    private static let host = "https://sns.us-east-1.amazonaws.com"
    /// Shared, because generating a key is slow.
    private static let key = Result { try PrivateKey(generating: .rsa(bits: 2048)) }

    private var members: JSON.Members

    init(_ type: String, version: String = "2") throws {
        members = [
            "Type": .string(type), "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": .string(Self.topic), "Timestamp": "2026-11-22T10:00:00.123Z",
            "Message": .string(String(decoding: Messages.alarm().serialized(), as: UTF8.self)),
            "SignatureVersion": .string(version),
            "SigningCertURL": .string(Self.host + "/SimpleNotificationService-0123456789abcdef.pem"),
        ]
        guard type != "Notification" else { return }
        members["Token"] = "2336412f37fb"
        members["SubscribeURL"] = .string(
            Self.host + "/?Action=ConfirmSubscription&TopicArn=\(Self.topic)&Token=2336412f37fb")
    }

    /// The certificate as the SNS host serves it.
    static func certificate() throws -> [UInt8] {
        let validity = 1_790_000_000...1_800_000_000 as ClosedRange<Int64>
        let authority = try CertificateAuthority(
            commonName: "Test CA", validity: validity, key: PrivateKey(generating: .p256))
        return try authority.issue(commonName: "sns.amazonaws.com", validity: validity, key: key.get()).pem()
    }

    func with(_ name: String, _ value: JSON) -> SNSEnvelope {
        var changed = self
        changed.members[name] = value
        return changed
    }

    /// Signs as in "Verifying the signatures of Amazon SNS messages" in the Developer Guide.
    func signed() throws -> SNSEnvelope {
        let names =
            members["Type"] == "Notification"
            ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
            : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        let text = names.compactMap { name in members[name]?.string.map { "\(name)\n\($0)\n" } }.joined()
        let signature = try Self.key.get().sign(
            Array(text.utf8), digest: members["SignatureVersion"] == "1" ? .sha1 : .sha256)
        return with("Signature", .string(Data(signature).base64EncodedString()))
    }

    var body: [UInt8] { JSON.object(members).serialized() }
}
