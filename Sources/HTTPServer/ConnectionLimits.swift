/// How many connections a server has at the same time.
///
/// What a connection holds is bounded: an idle one by its objects, the 4 KiB that its parser keeps at most, and with TLS
/// by OpenSSL's objects and two buffers of 20 KiB: 6 KiB, or 70 KiB with TLS (measured: 1.2 KiB and 16 KiB). One with a
/// request under way is bounded by ``HTTPLimits``: the head, 128 KiB that were read ahead, the body twice (while it
/// grows), and the answer. The bodies of all connections together are bounded by ``HTTPLimits/bodiesInAll``.
public struct ConnectionLimits: Sendable, Hashable {
    /// In all. When there are as many, a new one takes the place of the one that has been idle longest; if none is idle,
    /// it is closed at once.
    public var total: Int
    /// From one address (IPv6: from one network of 64 bits), trusted proxies not counted. When there are as many, a new
    /// one takes the place of that address's idle one, or is closed at once.
    public var perAddress: Int

    /// Makes limits; each is at least 1.
    public init(total: Int = 16_384, perAddress: Int = 1024) {
        self.total = max(total, 1)
        self.perAddress = max(perAddress, 1)
    }

    /// Each loop's part, rounded up: the loops share nothing, so that none waits for another. The system shares out the
    /// connections evenly, an address's too.
    func share(of loops: Int) -> ConnectionLimits {
        func part(_ number: Int) -> Int { (number + loops - 1) / loops }
        return ConnectionLimits(total: part(total), perAddress: part(perAddress))
    }
}
