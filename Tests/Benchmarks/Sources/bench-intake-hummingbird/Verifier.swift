import CryptoExtras
import Foundation
import X509

/// A message from SNS.
struct Envelope: Decodable, Sendable {
    let type: String
    let messageID: String
    let topic: String
    let subject: String?
    let message: String
    let timestamp: String
    let signatureVersion: String
    let signature: String

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case messageID = "MessageId"
        case topic = "TopicArn"
        case subject = "Subject"
        case message = "Message"
        case timestamp = "Timestamp"
        case signatureVersion = "SignatureVersion"
        case signature = "Signature"
    }

    /// The string that SNS signs.
    var stringToSign: String {
        let subject = subject.map { "Subject\n\($0)\n" } ?? ""
        return "Message\n\(message)\nMessageId\n\(messageID)\n\(subject)Timestamp\n\(timestamp)\nTopicArn\n\(topic)\n"
            + "Type\n\(type)\n"
    }
}

/// Verifies notifications of a topic with signature version 2.
struct Verifier: Sendable {
    private let key: _RSA.Signing.PublicKey
    private let topic: String

    /// - Parameter certificate: the path of the signing certificate.
    init(certificate: String, topic: String) throws {
        let text = try String(contentsOfFile: certificate, encoding: .utf8)
        guard let key = try _RSA.Signing.PublicKey(Certificate(pemEncoded: text).publicKey) else {
            fatalError("the certificate's key is not one of RSA")
        }
        self.key = key
        self.topic = topic
    }

    func isGenuine(_ envelope: Envelope) -> Bool {
        guard envelope.topic == topic, envelope.type == "Notification", envelope.signatureVersion == "2",
            let signature = Data(base64Encoded: envelope.signature)
        else { return false }
        return key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature), for: Data(envelope.stringToSign.utf8),
            padding: .insecurePKCS1v1_5)
    }
}
