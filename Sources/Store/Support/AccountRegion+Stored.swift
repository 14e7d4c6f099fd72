package import AWSCore

extension AccountRegion {
    /// The text that names the account-Region in the tables.
    package var stored: String { description }

    /// Parses the text that names an account-Region in the tables; nil if it is malformed.
    package init?(stored: String) {
        let parts = stored.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let account = AccountID(parts[0]), let region = Region(parts[1]) else { return nil }
        self.init(account: account, region: region)
    }
}
