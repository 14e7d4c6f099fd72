package import AWSCore
import Encoding
package import EventLoop

extension LocalAWS {
    /// The configuration of the stand-in.
    package struct Configuration: Sendable {
        /// The access keys, at least one. By default, one of account 111122223333.
        package var credentials: [Credentials]
        /// The Regions with SNS hosts, at least one. The other services work in any Region.
        package var regions: [Region]
        /// The listen address of the APIs.
        package var apiAddress: SocketAddress
        /// The listen address of SNS's hosts.
        package var topicAddress: SocketAddress
        /// Whether requests over the documented rates are throttled.
        package var throttles = false
        /// The latency of each API response.
        package var responseDelay = Duration.zero
        /// The factor for the delays between delivery retries, 20 seconds each.
        package var retryDelayScale = 1.0
        /// The timeout of a delivery.
        package var deliveryTimeout = Duration.seconds(15)
        /// The PEM file with the certificate authorities of `https` endpoints; nil for the system's.
        package var endpointCertificateAuthorities: String?
        /// Milliseconds since 1970.
        package var clock: @Sendable () -> Int64 = { WallClock.now().milliseconds }

        /// Makes a configuration with the defaults, on free ports of this machine.
        package init() {
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
package enum LocalAWSError: Error, Hashable, CustomStringConvertible {
    /// The configuration has no credentials or no Regions.
    case incompleteConfiguration
    /// SNS has no host in this Region.
    case regionNotConfigured(Region)

    /// The error message.
    package var description: String {
        switch self {
        case .incompleteConfiguration: "The configuration needs at least one access key and one Region."
        case .regionNotConfigured(let region): "The Region \(region) is not configured."
        }
    }
}
