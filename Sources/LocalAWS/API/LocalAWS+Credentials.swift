package import AWSCore

extension LocalAWS {
    /// A long-term access key.
    package struct Credentials: Sendable, Hashable {
        /// The access key ID: 16 to 128 letters and digits.
        package var accessKeyID: String
        /// The secret access key.
        package var secretAccessKey: String
        /// The key's account.
        package var account: AccountID

        /// Makes an access key.
        package init(accessKeyID: String, secretAccessKey: String, account: AccountID) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.account = account
        }
    }
}
