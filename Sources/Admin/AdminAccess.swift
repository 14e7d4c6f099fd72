package import Cryptography

/// The access rules of the admin server.
package struct AdminAccess: Sendable {
    /// Host names accepted in the `Host` header in addition to IP addresses and `localhost`, in lower case.
    package var hosts: Set<String> = []
    /// The bearer token required to replay or drop dead letters; nil if these actions are disabled.
    package var token: Secret?

    /// Whether dead letters can be replayed and dropped through the admin server.
    package var allowsActions: Bool { token != nil }

    /// Creates rules; without arguments, no actions and no host names are allowed.
    package init(hosts: Set<String> = [], token: Secret? = nil) {
        self.hosts = hosts
        self.token = token
    }
}
