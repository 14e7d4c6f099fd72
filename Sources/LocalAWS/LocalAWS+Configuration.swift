public import AWSCore
import Encoding
public import EventLoop

extension LocalAWS {
    /// The configuration of the stand-in.
    public struct Configuration: Sendable {
        /// The access keys, at least one. By default, one of account 111122223333.
        public var credentials: [Credentials]
        /// The Regions with SNS hosts, at least one. The other services work in any Region.
        public var regions: [Region]
        /// The listen address of the APIs.
        public var apiAddress: SocketAddress
        /// The listen address of SNS's hosts.
        public var topicAddress: SocketAddress
        /// Whether requests over the documented rates are throttled.
        public var throttles = false
        /// The latency of each API response.
        public var responseDelay = Duration.zero
        /// The factor for the delays between delivery retries, 20 seconds each.
        public var retryDelayScale = 1.0
        /// The timeout of a delivery.
        public var deliveryTimeout = Duration.seconds(15)
        /// The PEM file with the certificate authorities of `https` endpoints; nil for the system's.
        public var endpointCertificateAuthorities: String?
        /// Milliseconds since 1970.
        public var clock: @Sendable () -> Int64 = { WallClock.now().milliseconds }

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

/// A failure of the stand-in.
public enum LocalAWSError: Error, Hashable, CustomStringConvertible {
    /// The configuration has no credentials or no Regions.
    case incompleteConfiguration
    /// SNS has no host in this Region.
    case regionNotConfigured(Region)

    /// The error message.
    public var description: String {
        switch self {
        case .incompleteConfiguration: "The configuration needs at least one access key and one Region."
        case .regionNotConfigured(let region): "The Region \(region) is not configured."
        }
    }
}
