package import JSON

/// A message from Device Defender to SNS.
package enum DeviceDefenderMessage: Sendable, Hashable {
    /// An audit has finished.
    case audit(AuditNotification)
    /// A detect alarm was raised, cleared or invalidated.
    case alarm(Alarm)

    /// Whether a text contains the name of a member that identifies Device Defender's messages. Much faster than
    /// parsing; a text without one is not from Device Defender.
    package static func isNamed(in text: [UInt8]) -> Bool {
        let bytes = text.span
        for start in bytes.indices where bytes[start] == UInt8(ascii: "\"") {
            for name in distinctiveNames where name.count <= bytes.count - start {
                if name.indices.allSatisfy({ bytes[start + $0] == name[$0] }) { return true }
            }
        }
        return false
    }

    private static let distinctiveNames = ["\"violationEventType\"", "\"taskStatus\""].map { Array($0.utf8) }

    /// Whether a message has a member that identifies Device Defender's messages.
    package static func isNamed(_ json: JSON) -> Bool { json["violationEventType"] != nil || json["taskStatus"] != nil }

    /// Parses a message.
    ///
    /// - Throws: ``UnrecognizedMessageError`` for every other message, and for one that lacks required data.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
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
