package import Cryptography

/// The access rules of the admin server.
package struct AdminAccess: Sendable {
    /// A bearer token of `admin.token` or `admin.tokens`, and the name of who has it.
    package struct Token: Sendable {
        /// The name in the log.
        package let name: String
        /// The token.
        package let secret: Secret

        /// Creates a token.
        package init(name: String, secret: Secret) {
            self.name = name
            self.secret = secret
        }
    }

    /// Host names accepted in the `Host` header in addition to IP addresses and `localhost`, in lower case.
    package var hosts: Set<String> = []
    /// The bearer tokens that allow actions; empty if actions are disabled.
    package var tokens: [Token] = []

    /// The name of the token of `admin.token`.
    package static let unnamed = "admin.token"

    /// Whether dead letters can be replayed and dropped, and sending paused, through the admin server.
    package var allowsActions: Bool { !tokens.isEmpty }

    /// The name of who has a token; nil if there is no such token. The time taken does not depend on which one matches.
    func name(of token: String) -> String? {
        tokens.reduce(nil) { found, known in known.secret.matches(token) ? known.name : found }
    }

    /// Creates rules; without arguments, no actions and no host names are allowed.
    package init(hosts: Set<String> = [], tokens: [Token] = []) {
        self.hosts = hosts
        self.tokens = tokens
    }
}
