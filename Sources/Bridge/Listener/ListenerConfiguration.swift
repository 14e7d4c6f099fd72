import Cryptography
import EventLoop
import HTTPServer

/// The sockets, limits and servers' configurations of the listener and the admin address.
struct ListenerConfiguration: Sendable {
    /// The file descriptors that are reserved for the store, AWS, the admin server and the event loops.
    private static let reservedDescriptors = 256

    /// The sockets that each loop listens on.
    let listenSockets: [[ListeningSocket]]
    let adminSockets: [[ListeningSocket]]
    let server: HTTPServer.Configuration
    let admin: HTTPServer.Configuration

    /// Binds the sockets, or uses those that the service manager passed (socket activation).
    ///
    /// - Parameter descriptorLimit: the process's limit of file descriptors.
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

    /// - Parameter inherited: sockets to use instead of the address: for example one for IPv4, one for IPv6 and a local one for a
    ///   proxy on this machine.
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
                    "LISTEN_FDS", "\(error). Pass listening TCP or Unix stream sockets from the service manager.")
            }
            throw ConfigurationError(
                key, "\(error). Free the address or choose another one.",
                isTransient: transientErrors.contains(error.name))
        }
    }

    /// The errors of binding that may disappear: another process has the address, the network is not up yet, memory or
    /// descriptors are exhausted.
    static let transientErrors: Set = ["EADDRINUSE", "EADDRNOTAVAIL", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]

    /// The most connections that leave enough file descriptors for everything else.
    ///
    /// - Throws: ``ConfigurationError`` if `wanted` is more.
    static func connections(_ wanted: Int?, descriptorLimit: Int) throws(ConfigurationError) -> Int {
        let most = max(descriptorLimit - reservedDescriptors, descriptorLimit / 2)
        guard let wanted else { return min(most, 16_384) }
        guard wanted <= most else {
            throw ConfigurationError(
                "listen.maxConnections",
                "\(wanted) connections exceed the limit of \(descriptorLimit) file descriptors. "
                    + "Choose at most \(most), or raise the limit (LimitNOFILE= in systemd, ulimit -n).")
        }
        return wanted
    }
}
