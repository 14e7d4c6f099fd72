package import HTTPServer
import HTTPTypes

/// A delivery of Amazon SNS or EventBridge that was sent to a wrong path of the listener.
package struct MisdirectedDelivery: Sendable, Hashable {
    /// The sender, recognized by header fields that only its requests carry.
    package enum Sender: Sendable, Hashable {
        case sns
        case eventBridge

        /// The sender's name.
        package var name: String { self == .sns ? "Amazon SNS" : "Amazon EventBridge" }

        /// The path of its deliveries.
        package var path: String { self == .sns ? "/sns" : "/eventbridge" }

        /// How to fix a wrong path.
        package var remediation: String {
            switch self {
            case .sns: "Set the endpoint of the subscription to https://HOST/sns."
            case .eventBridge: "Set the endpoint of the API destination to https://HOST/eventbridge."
            }
        }
    }

    /// Who sent the delivery.
    package let sender: Sender
    /// The path of the request, truncated to ``pathLimit`` bytes.
    package let path: String

    /// The longest path that is kept, in bytes.
    static let pathLimit = 200

    /// - Returns: nil for a request of another client, or to the right path.
    package init?(_ request: ServerRequest) {
        guard request.head.method == .post, let sender = Sender(request.head.headerFields) else { return nil }
        var path = request.path
        if path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        // An API destination can also be the sender of a webhook.
        guard path != sender.path, !(sender == .eventBridge && path.hasPrefix("/webhooks/")) else { return nil }
        self.sender = sender
        self.path = String(decoding: request.path.utf8.prefix(Self.pathLimit), as: UTF8.self)
    }
}

extension MisdirectedDelivery.Sender {
    private static let messageType: HTTPField.Name = {
        guard let name = HTTPField.Name("x-amz-sns-message-type") else { preconditionFailure("a valid name") }
        return name
    }()

    init?(_ fields: HTTPFields) {
        if fields[Self.messageType] != nil {
            self = .sns
        } else if fields[.userAgent]?.hasPrefix("Amazon/EventBridge/") == true {
            self = .eventBridge
        } else {
            return nil
        }
    }
}
