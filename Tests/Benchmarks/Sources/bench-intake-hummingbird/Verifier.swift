import Cryptography
import Foundation

/// What SNS posts.
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

    /// What SNS signs of a notification.
    var stringToSign: String {
        let subject = subject.map { "Subject\n\($0)\n" } ?? ""
        return "Message\n\(message)\nMessageId\n\(messageID)\n\(subject)Timestamp\n\(timestamp)\nTopicArn\n\(topic)\n"
            + "Type\n\(type)\n"
    }
}

/// Checks that messages are notifications of a topic that SNS has signed by version 2.
struct Verifier: Sendable {
    private let certificate: Certificate
    private let topic: String

    /// - Parameter certificate: the path of the certificate whose key signs.
    init(certificate: String, topic: String) throws {
        self.certificate = try Certificate(pem: Array(Data(contentsOf: URL(filePath: certificate))))
        self.topic = topic
    }

    func isGenuine(_ envelope: Envelope) throws -> Bool {
        guard envelope.topic == topic, envelope.type == "Notification", envelope.signatureVersion == "2",
            let signature = Data(base64Encoded: envelope.signature)
        else { return false }
        return try certificate.verify(
            signature: Array(signature), over: Array(envelope.stringToSign.utf8), digest: .sha256)
    }
}
