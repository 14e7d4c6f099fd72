import Encoding
package import EventLoop
import Glibc
import Synchronization

/// Rate-limits failed authentications per client address, against guessing of credentials.
///
/// An address that authenticated recently is exempt. Otherwise a client with wrong credentials could lock out EventBridge when
/// all requests come from the address of one load balancer. All times are of a monotonic clock.
package final class AuthenticationThrottle: Sendable {
    /// The most failures at once.
    package let burst: Int
    /// The time after which another failure is allowed.
    package let interval: Duration
    /// What an address that has not failed is allowed.
    private let full: TokenBucket
    /// How long an address is exempt after a successful authentication.
    static let exemption = Duration.seconds(3600)
    /// The most addresses that are tracked; the least recently seen one is evicted.
    static let maximumAddresses = 1024

    private struct Account {
        /// The failures that are allowed.
        var failures: TokenBucket
        var succeededAt: Duration?
        var lastSeenAt: Duration
    }

    private let accounts = Mutex<[[UInt8]: Account]>([:])

    /// - Parameters:
    ///   - burst: the most failures at once.
    ///   - interval: the time after which another failure is allowed.
    package init(burst: Int = 20, interval: Duration = .seconds(3)) {
        (self.burst, self.interval) = (burst, interval)
        full = TokenBucket(rate: 1000 / Double(interval.milliseconds), burst: Double(burst))
    }

    /// Whether requests from an address are processed.
    package func allows(_ address: SocketAddress?, now: Duration) -> Bool {
        accounts.withLock { accounts in
            guard let account = accounts[Self.key(address)] else { return true }
            if let recordSuccess = account.succeededAt,
                (.zero...Self.exemption).contains(now - recordSuccess)
            {
                return true
            }
            let level = account.failures.level(now: now)
            // A level below zero is left only after the clock was set back.
            return level >= 1 || level < 0
        }
    }

    /// Records a failed authentication.
    package func recordFailure(_ address: SocketAddress?, now: Duration) {
        update(address, now: now) { $0.failures.spend(now: now) }
    }

    /// Records a successful authentication, which exempts the address for a while.
    package func recordSuccess(_ address: SocketAddress?, now: Duration) {
        update(address, now: now) { $0.succeededAt = now }
    }

    private func update(_ address: SocketAddress?, now: Duration, _ change: (inout Account) -> Void) {
        let key = Self.key(address)
        accounts.withLock { accounts in
            var account = accounts[key] ?? Account(failures: full, lastSeenAt: now)
            account.lastSeenAt = now
            change(&account)
            if accounts[key] == nil, accounts.count >= Self.maximumAddresses,
                let oldest = accounts.min(by: { $0.value.lastSeenAt < $1.value.lastSeenAt })?.key
            {
                accounts[oldest] = nil
            }
            accounts[key] = account
        }
    }

    /// The key that failures are counted by: an IPv4 address, or the network half (/64) of an IPv6 address, since one machine
    /// usually owns a whole /64.
    package static func key(_ address: SocketAddress?) -> [UInt8] {
        guard let host = address?.host else { return [] }
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return withUnsafeBytes(of: &v4) { Array($0) } }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, host, &v6) == 1 else { return [] }
        let bytes = withUnsafeBytes(of: &v6) { Array($0) }
        let isMapped = bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
        return isMapped ? Array(bytes.suffix(4)) : Array(bytes.prefix(8))
    }
}
