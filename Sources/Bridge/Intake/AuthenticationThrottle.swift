import AWSCore
import EventLoop
import Glibc
import Synchronization

/// Times are milliseconds of a monotonic clock.
///
/// Slows down who guesses credentials: an address that failed too often is not listened to for a while.
///
/// An address from which the right credentials came lately is always listened to. Otherwise anybody could lock EventBridge
/// out where all requests come from the address of one load balancer.
final class AuthenticationThrottle: Sendable {
    /// How many failures are allowed at once.
    let burst: Int
    /// After which time one more is allowed, in milliseconds.
    let interval: Int64
    /// For how long right credentials vouch for an address, in milliseconds.
    static let trust: Int64 = 3_600_000
    /// How many addresses are kept; the one that was heard of longest ago makes room.
    static let maximumAddresses = 1024

    private struct Account {
        /// When all failures are forgotten.
        var clearAt: Int64
        var succeededAt: Int64?
        var heardAt: Int64
    }

    private let accounts = Mutex<[[UInt8]: Account]>([:])

    init(burst: Int = 20, interval: Int64 = 3000) { (self.burst, self.interval) = (burst, interval) }

    /// Whether an address is listened to.
    func allows(_ address: SocketAddress?, now: Int64) -> Bool {
        accounts.withLock { accounts in
            guard let account = accounts[Self.key(address)] else { return true }
            if let succeeded = account.succeededAt, (0...Self.trust).contains(now.saturatingSubtracting(succeeded)) {
                return true
            }
            let remaining = account.clearAt.saturatingSubtracting(now)
            // More than can be on the account is left only after the clock was set back.
            return remaining <= Int64(burst - 1) * interval || remaining > Int64(burst) * interval
        }
    }

    /// Counts a failure.
    func failed(_ address: SocketAddress?, now: Int64) {
        update(address, now: now) { account in
            let most = now.saturatingAdding(Int64(burst) * interval)
            account.clearAt = min(max(account.clearAt, now).saturatingAdding(interval), most)
        }
    }

    /// Vouches for an address.
    func succeeded(_ address: SocketAddress?, now: Int64) {
        update(address, now: now) { $0.succeededAt = now }
    }

    private func update(_ address: SocketAddress?, now: Int64, _ change: (inout Account) -> Void) {
        let key = Self.key(address)
        accounts.withLock { accounts in
            var account = accounts[key] ?? Account(clearAt: now, heardAt: now)
            account.heardAt = now
            change(&account)
            if accounts[key] == nil, accounts.count >= Self.maximumAddresses,
                let oldest = accounts.min(by: { $0.value.heardAt < $1.value.heardAt })?.key
            {
                accounts[oldest] = nil
            }
            accounts[key] = account
        }
    }

    /// What an attacker cannot change at will: an IPv4 address, or the first half of an IPv6 address, the whole of whose
    /// second half usually belongs to one machine.
    static func key(_ address: SocketAddress?) -> [UInt8] {
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
