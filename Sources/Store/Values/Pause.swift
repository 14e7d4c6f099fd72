package import AWSCore
package import Encoding

/// A pause of processing: deliveries are accepted and queued, but not leased, until it ends.
package struct Pause: Sendable, Hashable {
    /// What a pause applies to.
    package enum Scope: Sendable, Hashable {
        /// All accounts.
        case all
        /// One account.
        case account(AccountID)
        /// One mapped source, in all its account-Regions.
        case source(String)
    }

    /// What is paused.
    package let scope: Scope
    /// Who paused, for display: 1 to 256 bytes of UTF-8 without NUL.
    package let pausedBy: String
    /// When the pause began.
    package let pausedAt: Timestamp
    /// The reason; truncated to 1,024 characters.
    package let reason: String?

    /// Creates a value. The texts are validated when the pause is stored.
    package init(_ scope: Scope, pausedBy: String, pausedAt: Timestamp, reason: String?) {
        self.scope = scope
        self.pausedBy = pausedBy
        self.pausedAt = pausedAt
        self.reason = reason
    }

    /// Whether it pauses the deliveries of a lane.
    package func applies(to lane: DeliveryLane) -> Bool { applies(toStored: lane.stored) }

    /// Whether it pauses the deliveries of a lane, named as in the tables.
    package func applies(toStored lane: String) -> Bool {
        switch scope {
        case .all: true
        case .account(let account): lane.hasPrefix(account.digits + "/")
        // No account and no Region contains a slash.
        case .source(let source): lane.split(separator: "/").dropFirst(2).first.map { $0 == source } ?? false
        }
    }
}

extension Pause.Scope {
    /// The paused account; nil for other scopes.
    package var account: AccountID? {
        if case .account(let account) = self { account } else { nil }
    }

    /// The paused mapped source; nil for other scopes.
    package var source: String? {
        if case .source(let source) = self { source } else { nil }
    }

    /// The options of the commands `pause` and `resume` that name it, with a leading space; empty for all accounts.
    package var options: String {
        switch self {
        case .all: ""
        case .account(let account): " --account \(account)"
        case .source(let source): " --source \(source)"
        }
    }

    /// The scope in words.
    package var words: String {
        switch self {
        case .all: "all accounts"
        case .account(let account): "account \(account)"
        case .source(let source): "source \(source)"
        }
    }

    private static let storedAll = "*"
    private static let sourcePrefix = "source/"

    /// The text that names the scope in the column `account`.
    package var stored: String {
        switch self {
        case .all: Self.storedAll
        case .account(let account): account.digits
        case .source(let source): Self.sourcePrefix + source
        }
    }

    /// Parses the text that names a scope; nil if it is malformed.
    package init?(stored: String) {
        if stored == Self.storedAll {
            self = .all
        } else if let account = AccountID(stored) {
            self = .account(account)
        } else if stored.hasPrefix(Self.sourcePrefix) {
            let source = String(stored.dropFirst(Self.sourcePrefix.count))
            guard DeliveryLane.isSourceName(source) else { return nil }
            self = .source(source)
        } else {
            return nil
        }
    }
}
