import Cryptography

/// The id of the deliveries of a webhook request. A repeated request that authentication recognizes has the same ids. An item's
/// content is never part of it: of an alarm, its end and an identical alarm none may be lost.
struct WebhookDeliveryID: Sendable {
    /// The name of the source.
    let source: String
    private let base: [UInt8]

    /// - Parameter identity: what authentication proves about the request.
    init(source: String, _ identity: WebhookAuthenticator.RequestIdentity) {
        self.source = source
        switch identity {
        case .message(let id): base = Array("id:\(id)".utf8)
        case .signature(let signature): base = Array("signature:\(Digest.hexadecimal(signature))".utf8)
        case .none:
            var generator = SystemRandomNumberGenerator()
            base = Array("random:\(generator.next())\(generator.next())".utf8)
        }
    }

    /// The id of an item.
    ///
    /// - Parameter index: the item's position in the request, from 0.
    func text(index: Int) -> String {
        // The base contains no space, so that no two pairs of base and index have the same text.
        "webhook:\(source):\(Digest.hexadecimal(Digest.sha256(base + Array(" \(index)".utf8))))"
    }
}
