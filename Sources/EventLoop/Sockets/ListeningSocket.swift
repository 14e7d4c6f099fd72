import CLibuv
import Glibc
import Synchronization

/// A bound TCP or local stream socket for one ``TCPListener``. It is closed on release if no listener has taken it.
public final class ListeningSocket: Sendable {
    /// The bound address, with the port that the system chose if 0 was requested.
    public let address: SocketAddress
    /// The file descriptor; -1 once a listener has taken it.
    private let descriptor: Atomic<CInt>

    private init(owning descriptor: CInt) throws(EventLoopError) {
        self.descriptor = Atomic(descriptor)
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { storage in
            getsockname(
                descriptor, UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self), &length)
        }
        guard code == 0, let address = SocketAddress(storage) else {
            close(descriptor)
            throw EventLoopError(
                CInt(UV_ENOTSOCK.rawValue), operation: "use descriptor \(descriptor) as a TCP or local socket")
        }
        self.address = address
    }

    deinit {
        let left = take()
        if left >= 0 { close(left) }
    }

    /// Transfers the descriptor to the caller; -1 the second time.
    func take() -> CInt { descriptor.exchange(-1, ordering: .acquiringAndReleasing) }

    /// Binds several sockets to one address; the system distributes the connections among them (`SO_REUSEPORT`).
    ///
    /// - Parameters:
    ///   - address: port 0 lets the system choose a free one, the same for all sockets.
    ///   - count: the number of sockets; at least 1.
    /// - Throws: ``EventLoopError``, also if another process uses the address, even with `SO_REUSEPORT`.
    public static func bind(_ address: SocketAddress, count: Int = 1) throws(EventLoopError) -> [ListeningSocket] {
        precondition(count > 0, "the number of sockets must be positive")
        // Bound without `SO_REUSEPORT`: another process of the same user on this address is a mistake.
        let first = try bind(address, shares: false)
        guard count > 1 else { return [first] }
        set(SO_REUSEPORT, of: first.descriptor.load(ordering: .relaxed))
        var sockets = [first]
        for _ in 1..<count { sockets.append(try bind(first.address, shares: true)) }
        return sockets
    }

    private static func bind(_ address: SocketAddress, shares: Bool) throws(EventLoopError) -> ListeningSocket {
        let operation = "listen on \(address)"
        let family = address.host.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw EventLoopError(-errno, operation: operation) }
        // Earlier connections in TIME_WAIT do not block the address.
        set(SO_REUSEADDR, of: descriptor)
        if shares { set(SO_REUSEPORT, of: descriptor) }
        let length = socklen_t(family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
        let code = address.withSockaddr { Glibc.bind(descriptor, $0, length) == 0 ? 0 : -errno }
        guard code == 0 else {
            close(descriptor)
            throw EventLoopError(code ?? CInt(UV_EINVAL.rawValue), operation: operation)
        }
        return try ListeningSocket(owning: descriptor)
    }

    private static func set(_ option: CInt, of descriptor: CInt) {
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func option(_ option: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : nil
    }

    /// Adopts a listening TCP or local (AF_UNIX) stream socket from another process; the given descriptor is closed.
    ///
    /// - Parameters:
    ///   - descriptor: an open file descriptor.
    ///   - count: the number of sockets to make; they share one accept queue.
    /// - Throws: ``EventLoopError`` if it is not a listening stream socket.
    public static func inherit(_ descriptor: CInt, count: Int = 1) throws(EventLoopError) -> [ListeningSocket] {
        precondition(count > 0, "the number of sockets must be positive")
        defer { close(descriptor) }
        guard option(SO_ACCEPTCONN, of: descriptor) == 1,
            option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue)
        else {
            throw EventLoopError(CInt(UV_EINVAL.rawValue), operation: "accept connections on descriptor \(descriptor)")
        }
        var sockets: [ListeningSocket] = []
        for _ in 0..<count {
            let copy = bridge_duplicate_descriptor(descriptor)
            guard copy >= 0 else { throw EventLoopError(-errno, operation: "copy descriptor \(descriptor)") }
            sockets.append(try ListeningSocket(owning: copy))
        }
        return sockets
    }
}
