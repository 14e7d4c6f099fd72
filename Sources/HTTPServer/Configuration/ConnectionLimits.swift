/// The limits of concurrent connections.
///
/// The memory of a connection is bounded. An idle one needs its objects, at most 4 KiB that its parser keeps, and with TLS
/// OpenSSL's objects and two buffers of 20 KiB: at most 6 KiB, or 70 KiB with TLS (measured: 1.2 KiB and 16 KiB). One with a
/// request in progress is bounded by ``HTTPLimits``: the head, 128 KiB of read-ahead, the body twice (while it grows), and the
/// response. The bodies of all connections together are bounded by ``HTTPLimits/bodiesInAll``.
public struct ConnectionLimits: Sendable, Hashable {
    /// The most connections in total. Beyond it, a new connection evicts the one that has been idle longest; if none is idle,
    /// the new one is closed immediately.
    public var total: Int
    /// The most connections from one address (IPv6: one /64 network), except trusted proxies. Beyond it, a new connection
    /// evicts an idle one of the same address, or is closed immediately.
    public var perAddress: Int

    /// Creates limits; each is at least 1.
    public init(total: Int = 16_384, perAddress: Int = 1024) {
        self.total = max(total, 1)
        self.perAddress = max(perAddress, 1)
    }

    /// The limits of each of several loops, rounded up. Loops share no state, so that none waits for another; the system
    /// distributes connections evenly, including those of one address.
    func share(of loops: Int) -> ConnectionLimits {
        func share(_ number: Int) -> Int { (number + loops - 1) / loops }
        return ConnectionLimits(total: share(total), perAddress: share(perAddress))
    }
}
