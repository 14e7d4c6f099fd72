import AWSCore

extension AccountRegion {
    /// The text by which the tables name an origin.
    var stored: String { description }

    /// Reads the text by which the tables name an origin; nil for any other.
    init?(stored: String) {
        let parts = stored.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let account = AccountID(parts[0]), let region = Region(parts[1]) else { return nil }
        self.init(account: account, region: region)
    }
}
