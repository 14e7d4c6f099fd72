import AWSCore
import Cryptography
import Encoding
import Foundation
import JSON
import SNS
import TestSupport

/// An SNS envelope, signed with OpenSSL's command line.
struct Envelope {
    static let topic = "arn:aws:sns:us-east-1:111122223333:device-defender-detect"
    static let host = "https://sns.us-east-1.amazonaws.com"
    static let certificateURL = host + "/SimpleNotificationService-0123456789abcdef.pem"
    /// 2026-11-22T10:00:00.123Z.
    static let now: Timestamp = 1_795_341_600_123

    var members: JSON.Members

    /// The types of messages.
    enum Kind: String, CaseIterable, Sendable {
        case notification = "Notification"
        case subscriptionConfirmation = "SubscriptionConfirmation"
        case unsubscribeConfirmation = "UnsubscribeConfirmation"

        /// The signed fields, in order.
        var signed: [String] {
            self == .notification
                ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
                : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        }
    }

    init(_ kind: Kind, version: String = "2") {
        members = [
            "Type": .string(kind.rawValue), "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": .string(Self.topic), "Message": "{\"violationId\": \"ü\\n\"}\nsecond line",
            "Timestamp": "2026-11-22T10:00:00.123Z", "SignatureVersion": .string(version), "Signature": "AAAA",
            "SigningCertURL": .string(Self.certificateURL),
        ]
        if kind == .notification {
            members["Subject"] = "A subject"
            members["UnsubscribeURL"] = .string(Self.host + "/?Action=Unsubscribe")
        } else {
            members["Token"] = "2336412f37fb687f5d51e6e2425c464de257eb"
            members["SubscribeURL"] = .string(
                Self.host + "/?Action=ConfirmSubscription&TopicArn=\(Self.topic)"
                    + "&Token=2336412f37fb687f5d51e6e2425c464de257eb")
        }
    }

    /// A copy with a field changed or removed.
    func with(_ name: String, _ value: JSON?) -> Envelope {
        var changed = self
        changed.members[name] = value
        return changed
    }

    var body: [UInt8] { JSON.object(members).serialized() }

    func message() throws(SNSError) -> SNSMessage { try SNSMessage(parsing: body) }

    /// A copy that OpenSSL signed over the given fields, as in the Developer Guide.
    func signed(_ names: [String], by other: Signer? = nil) async throws -> Envelope {
        let text = names.compactMap { name in members[name]?.string.map { "\(name)\n\($0)\n" } }.joined()
        let signer = if let other { other } else { try await Signer.shared }
        let digest = members["SignatureVersion"] == "1" ? "-sha1" : "-sha256"
        return with("Signature", .string(Data(try await signer.sign(text, digest)).base64EncodedString()))
    }
}

/// A key for OpenSSL's command line, and the authority that issues its certificates.
final class Signer: Sendable {
    private static let made = Task { try await Signer() }

    /// Shared by all tests, because generating a key is slow.
    static var shared: Signer {
        get async throws { try await made.value }
    }

    let key: PrivateKey
    private let folder: TemporaryFolder
    private let authority: CertificateAuthority

    init() async throws {
        folder = try TemporaryFolder()
        try await Program.openssl(["genrsa", "-out", folder.path("key.pem"), "2048"])
        try await Program.openssl([
            "req", "-x509", "-key", folder.path("key.pem"), "-subj", "/CN=Root", "-days", "30", "-out",
            folder.path("root.pem"),
        ])
        key = try PrivateKey(pem: folder.read("key.pem"))
        authority = try CertificateAuthority(
            commonName: "Test CA", validity: 0...4_102_444_800, key: PrivateKey(generating: .p256))
    }

    /// A certificate as the SNS host serves it.
    func certificate(
        commonName: String = "sns.amazonaws.com", dnsNames: [String] = [],
        validity: ClosedRange<Int64> = 1_790_000_000...1_800_000_000, key other: PrivateKey? = nil
    ) throws -> [UInt8] {
        try authority.issue(commonName: commonName, dnsNames: dnsNames, validity: validity, key: other ?? key).pem()
    }

    /// The trust anchor.
    func trustStore() throws -> TrustStore { try TrustStore(file: folder.path("root.pem")) }

    /// A chain made with OpenSSL's command line: leaf, intermediate and root.
    struct Chain {
        let leaf: [UInt8]
        let issuer: [UInt8]
        let root: [UInt8]
        let foreignRoot: [UInt8]
        /// The validity period of all of them, in seconds since 1970.
        let validity: ClosedRange<Int64>
    }

    func chain() async throws -> Chain {
        let extensions = try folder.write(
            "[ca]\nbasicConstraints=critical,CA:TRUE\n[end]\nbasicConstraints=CA:FALSE\n",
            as: "extensions-\(UUID().uuidString).cnf")
        func issue(_ name: String, _ subject: String, by issuer: String, section: String, days: Int) async throws {
            try await Program.openssl([
                "req", "-new", "-key", folder.path("key.pem"), "-subj", "/CN=\(subject)", "-out",
                folder.path(name + ".csr"),
            ])
            try await Program.openssl([
                "x509", "-req", "-in", folder.path(name + ".csr"), "-CA", folder.path(issuer + ".pem"), "-CAkey",
                folder.path("key.pem"), "-days", String(days), "-extfile", extensions, "-extensions", section, "-out",
                folder.path(name + ".pem"), "-set_serial", String(days),
            ])
        }
        // Tests create chains concurrently.
        let (issuerName, leafName) = ("issuer-\(UUID().uuidString)", "leaf-\(UUID().uuidString)")
        try await issue(issuerName, "Issuer", by: "root", section: "ca", days: 2)
        try await issue(leafName, "sns.amazonaws.com", by: issuerName, section: "end", days: 9)
        let issuer = try folder.read(issuerName + ".pem")
        let leaf = try folder.read(leafName + ".pem")
        return Chain(
            leaf: leaf, issuer: issuer, root: try folder.read("root.pem"),
            foreignRoot: try authority.certificate.pem(),
            validity: try Certificate(pem: leaf).notBefore...Certificate(pem: issuer).notAfter)
    }

    /// A key of any size, of one of OpenSSL's algorithms for RSA keys: `RSA` or `RSA-PSS`.
    func otherKey(_ algorithm: String, bits: Int) async throws -> PrivateKey {
        let name = "key-\(UUID().uuidString).pem"
        try await Program.openssl([
            "genpkey", "-algorithm", algorithm, "-pkeyopt", "rsa_keygen_bits:\(bits)", "-out", folder.path(name),
        ])
        return try PrivateKey(pem: folder.read(name))
    }

    fileprivate func sign(_ text: String, _ digest: String) async throws -> [UInt8] {
        let base = UUID().uuidString
        let input = try folder.write(text, as: base + ".txt")
        try await Program.openssl([
            "dgst", digest, "-sign", folder.path("key.pem"), "-out", folder.path(base + ".sig"), input,
        ])
        return try folder.read(base + ".sig")
    }
}
