import Cryptography
import EventLoop
import HTTPServer

/// Where and how the bridge listens: sockets, limits and loops.
struct ListenerConfiguration: Sendable {
    /// How many descriptors are kept for the store, for AWS, for the admin server and for the loops themselves.
    private static let reservedDescriptors = 256

    /// For each loop those that it listens on.
    let listenSockets: [[ListeningSocket]]
    let adminSockets: [[ListeningSocket]]
    let server: HTTPServer.Configuration
    let admin: HTTPServer.Configuration

    /// Opens the sockets, or takes those that the service manager has opened.
    ///
    /// - Parameter descriptorLimit: how many descriptors the process may have.
    /// - Throws: ``ConfigurationError``.
    init(
        _ configuration: BridgeConfiguration, tls: TLSServerContext?, manager: SystemdManager, descriptorLimit: Int
    ) throws(ConfigurationError) {
        var server = HTTPServer.Configuration(address: configuration.listenAddress, tls: tls)
        server.connections = ConnectionLimits(
            total: try Self.connections(configuration.maximumConnections, descriptorLimit: descriptorLimit),
            perAddress: configuration.maximumConnectionsPerAddress)
        server.trustedProxies = configuration.trustedProxies
        server.proxyProtocol = configuration.proxyProtocol
        server.serverName = "defender-bridge"
        self.server = server
        var admin = HTTPServer.Configuration(address: configuration.adminAddress)
        admin.connections = ConnectionLimits(total: 64, perAddress: 64)
        admin.serverName = "defender-bridge"
        self.admin = admin
        listenSockets = try Self.open(
            manager.sockets.filter { $0.name != "admin" }, configuration.listenAddress, count: configuration.loops,
            key: "listen.address")
        adminSockets = try Self.open(
            manager.sockets.filter { $0.name == "admin" }, configuration.adminAddress, count: 1, key: "admin.address")
    }

    /// - Parameter inherited: what counts instead of the address: for example one socket for IPv4, one for IPv6 and one for
    ///   a proxy on this machine.
    private static func open(
        _ inherited: [SystemdManager.Inherited], _ address: SocketAddress, count: Int, key: String
    ) throws(ConfigurationError) -> [[ListeningSocket]] {
        do throws(EventLoopError) {
            guard !inherited.isEmpty else { return try ListeningSocket.bind(address, count: count).map { [$0] } }
            var sockets = [[ListeningSocket]](repeating: [], count: count)
            for socket in inherited {
                for (index, copy) in try ListeningSocket.inherit(socket.descriptor, count: count).enumerated() {
                    sockets[index].append(copy)
                }
            }
            return sockets
        } catch {
            if !inherited.isEmpty {
                throw ConfigurationError(
                    "LISTEN_FDS", "\(error); let the service manager open TCP or local stream sockets and listen")
            }
            throw ConfigurationError(
                key, "\(error). Free the address or choose another one.", isTransient: passing.contains(error.name))
        }
    }

    /// Why binding fails for a while only: the address is another process's, or is not this machine's yet; memory or descriptors
    /// are used up.
    static let passing: Set = ["EADDRINUSE", "EADDRNOTAVAIL", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]

    /// The most connections, such that descriptors never run out.
    static func connections(_ wanted: Int?, descriptorLimit: Int) throws(ConfigurationError) -> Int {
        let most = max(descriptorLimit - reservedDescriptors, descriptorLimit / 2)
        guard let wanted else { return min(most, 16_384) }
        guard wanted <= most else {
            throw ConfigurationError(
                "listen.maxConnections",
                "\(wanted) connections need more than the \(descriptorLimit) file descriptors that the system allows; "
                    + "choose at most \(most), or raise the limit (LimitNOFILE= in systemd, ulimit -n)")
        }
        return wanted
    }
}
