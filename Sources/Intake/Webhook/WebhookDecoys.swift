import Cryptography

/// Authenticators for sources that do not exist, so that neither a response nor its time reveals which sources do.
struct WebhookDecoys: Sendable {
    /// At least one.
    private let decoys: [WebhookAuthenticator]
    private let key = (0..<32).map { _ in UInt8.random(in: .min ... .max) }

    /// - Parameter authenticators: those of the sources that exist.
    init(_ authenticators: [WebhookAuthenticator]) {
        let decoys = authenticators.map(\.decoy)
        let bearer = WebhookAuthenticator(.bearer([.random()]), tokens: nil)
        self.decoys = decoys.isEmpty ? [bearer] : decoys
    }

    /// The authenticator for a name: always the same one, as that of a source would be. Which one cannot be predicted.
    func authenticator(for name: String) -> WebhookAuthenticator {
        let code = Digest.sha256(key + Array(name.utf8))
        return decoys[(Int(code[0]) << 8 | Int(code[1])) % decoys.count]
    }
}
