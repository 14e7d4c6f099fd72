public import AWSCore
public import EventLoop
import FoundationEssentials

extension LocalAWS {
    /// A lasting access key.
    public struct Credentials: Sendable, Hashable {
        /// The key's id: 16 to 128 letters and digits.
        public var accessKeyID: String
        /// The secret.
        public var secretAccessKey: String
        /// The account that it belongs to.
        public var account: AccountID

        /// Makes an access key.
        public init(accessKeyID: String, secretAccessKey: String, account: AccountID) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.account = account
        }
    }

    /// How the stand-in is set up.
    public struct Configuration: Sendable {
        /// The access keys, one at least. By default one of the account 111122223333.
        public var credentials: [Credentials]
        /// The Regions that SNS has hosts in, one at least. The other services respond for any Region.
        public var regions: [Region]
        /// Where the APIs listen.
        public var apiAddress: SocketAddress
        /// Where SNS's hosts listen.
        public var topicAddress: SocketAddress
        /// Whether requests above the documented rates are refused.
        public var throttles = false
        /// How long each response of an API takes: the way to AWS and back, and AWS's work.
        public var responseDelay = Duration.zero
        /// What the delays between retries of a delivery, 20 seconds each, are multiplied with.
        public var retryDelayScale = 1.0
        /// How long an endpoint may take to respond.
        public var deliveryTimeout = Duration.seconds(15)
        /// The file with the authorities that endpoints with `https` have their certificates from, in PEM, or nil for the
        /// system's.
        public var endpointCertificateAuthorities: String?
        /// Milliseconds since 1970.
        public var clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }

        /// Makes a configuration with the defaults, on free ports of this machine.
        public init() {
            guard let account = AccountID("111122223333"), let region = Region("us-east-1"),
                let address = SocketAddress("127.0.0.1:0")
            else { preconditionFailure("the defaults are well-formed") }
            credentials = [
                Credentials(
                    accessKeyID: "AKIALOCALAWSEXAMPLE", secretAccessKey: "local-secret-of-no-use-elsewhere",
                    account: account)
            ]
            regions = [region]
            apiAddress = address
            topicAddress = address
        }
    }
}

/// Why something was not done.
public enum LocalAWSError: Error, Hashable, CustomStringConvertible {
    /// There are no credentials or no Regions in the configuration.
    case incompleteConfiguration
    /// SNS has no host in this Region.
    case regionNotConfigured(Region)

    /// The reason in words.
    public var description: String {
        switch self {
        case .incompleteConfiguration: "The configuration needs at least one access key and one Region."
        case .regionNotConfigured(let region): "The Region \(region) is not one of the configured ones."
        }
    }
}
