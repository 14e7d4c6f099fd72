public import AWSCore

extension LocalAWS {
    /// A long-term access key.
    public struct Credentials: Sendable, Hashable {
        /// The access key ID: 16 to 128 letters and digits.
        public var accessKeyID: String
        /// The secret access key.
        public var secretAccessKey: String
        /// The key's account.
        public var account: AccountID

        /// Makes an access key.
        public init(accessKeyID: String, secretAccessKey: String, account: AccountID) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.account = account
        }
    }
}
