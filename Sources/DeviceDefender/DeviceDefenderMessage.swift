public import JSON

/// A message that Device Defender publishes to SNS.
public enum DeviceDefenderMessage: Sendable, Hashable {
    /// An audit has ended.
    case audit(AuditNotification)
    /// A detect alarm was raised, cleared or invalidated.
    case alarm(Alarm)

    /// Whether a text names a member that tells Device Defender's messages from others. Takes far less time than to read
    /// it; a text without any is none of Device Defender's.
    public static func isNamed(in text: [UInt8]) -> Bool {
        let bytes = text.span
        for start in bytes.indices where bytes[start] == UInt8(ascii: "\"") {
            for name in distinctiveNames where name.count <= bytes.count - start {
                if name.indices.allSatisfy({ bytes[start + $0] == name[$0] }) { return true }
            }
        }
        return false
    }

    private static let distinctiveNames = ["\"violationEventType\"", "\"taskStatus\""].map { Array($0.utf8) }

    /// Reads a message.
    ///
    /// - Throws: ``UnrecognizedMessageError`` for every other message, and for one that lacks what is needed to act on it.
    public init(_ json: JSON) throws(UnrecognizedMessageError) {
        switch (json["violationEventType"] != nil, json["taskStatus"] != nil) {
        case (true, false): self = .alarm(try Alarm(json))
        case (false, true): self = .audit(try AuditNotification(json))
        case (true, true):
            throw UnrecognizedMessageError(reason: "the message is both an alarm and an audit notification")
        case (false, false):
            throw UnrecognizedMessageError(
                reason: "the message is neither an alarm (violationEventType) nor an audit notification (taskStatus)")
        }
    }
}
