package import AWSCore

/// What waits and is processed independently of the rest of the queue: the deliveries of Device Defender, or of one
/// mapped source, in an account-Region.
///
/// A backlog, a denial or a pause in one lane never delays another one.
package struct DeliveryLane: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The name of the mapped source; nil for Device Defender.
    package let source: String?

    /// Creates a value.
    package init(_ accountRegion: AccountRegion, source: String? = nil) {
        self.accountRegion = accountRegion
        self.source = source
    }

    /// The text that names the lane in the queue: `account/region`, or `account/region/source`.
    package var stored: String { description }

    /// Parses the text that names a lane in the queue; nil if it is malformed.
    package init?(stored: String) {
        let parts = stored.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let account = AccountID(parts[0]), let region = Region(parts[1]) else { return nil }
        let source = parts.count > 2 ? String(parts[2]) : nil
        guard source.map(Self.isSourceName) ?? true else { return nil }
        self.init(AccountRegion(account: account, region: region), source: source)
    }

    /// Whether a text is the name of a mapped source: 1 to 64 lowercase ASCII letters, digits and dashes.
    package static func isSourceName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    /// The least text that follows all texts that begin with the name of a source and a slash: a digit follows the slash.
    package static func end(ofNamesOf source: String) -> String { source + "0" }

    /// Account, Region and the source, if there is one, separated by slashes.
    package var description: String { source.map { "\(accountRegion)/\($0)" } ?? accountRegion.description }

    /// Orders by account-Region, Device Defender first, then by source.
    package static func < (left: Self, right: Self) -> Bool {
        (left.accountRegion, left.source ?? "") < (right.accountRegion, right.source ?? "")
    }
}
