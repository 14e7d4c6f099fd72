import Encoding

extension Timestamp {
    /// Parses the expiration of credentials. Only AWS writes ISO 8601; programs (`credential_process`) and imitations of
    /// the metadata endpoints also write what AWS's SDKs accept.
    init?(credentialsExpiration text: String) {
        self.init(
            iso8601: text, accepting: [.offset, .compactOffset, .space, .missingZone, .leapSecond])
    }
}
