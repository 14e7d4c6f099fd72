import CLibuv
import Glibc

/// The interface to systemd and compatible service managers: the protocols of sd_notify(3), sd_watchdog_enabled(3) and
/// sd_listen_fds(3).
public struct SystemdManager: Sendable {
    /// A socket that the service manager has opened for this process and keeps open across restarts.
    public struct Inherited: Sendable, Hashable {
        /// The name from `FileDescriptorName=`; otherwise the manager's default.
        public let name: String
        /// The file descriptor.
        public let descriptor: CInt
    }

    /// The watchdog interval, within which a keep-alive is due; nil if the watchdog is disabled.
    public let watchdogLimit: Duration?
    /// The sockets passed to this process.
    public let sockets: [Inherited]
    private let notifySocket: String?

    /// The first passed descriptor (`SD_LISTEN_FDS_START`).
    private static let firstDescriptor: CInt = 3

    /// Reads the environment variables.
    public init(environment: [String: String]) {
        let process = getpid()
        let socket = environment["NOTIFY_SOCKET"] ?? ""
        notifySocket = socket.hasPrefix("/") || socket.hasPrefix("@") ? socket : nil
        func isForThisProcess(_ variable: String) -> Bool { environment[variable].map { Int32($0) == process } ?? true }
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogLimit =
            microseconds > 0 && isForThisProcess("WATCHDOG_PID") ? .microseconds(microseconds) : nil
        let count = environment["LISTEN_FDS"].flatMap { Int32($0) } ?? 0
        guard (1...64).contains(count), environment["LISTEN_PID"] != nil, isForThisProcess("LISTEN_PID") else {
            sockets = []
            return
        }
        let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        sockets = (0..<count).map { index in
            Inherited(
                name: index < names.count ? String(names[Int(index)]) : "unknown",
                descriptor: Self.firstDescriptor + index)
        }
    }

    /// Reports that the configuration is being reloaded: `RELOADING=1` with the monotonic time that sd_notify(3)
    /// requires since version 253.
    public func notifyReload() {
        // libuv's clock is CLOCK_MONOTONIC, as the manager expects.
        notify("RELOADING=1\nMONOTONIC_USEC=\(uv_hrtime() / 1000)")
    }

    /// Notifies the service manager, for example `READY=1`. Does nothing without a manager, or if it does not listen.
    public func notify(_ state: String) {
        guard let notifySocket else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(notifySocket.utf8)
        // A leading at sign stands for the zero byte of an abstract name.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let socket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(state.utf8)
        withUnsafePointer(to: &address) { pointer in
            _ = sendto(
                socket, bytes, bytes.count, CInt(MSG_NOSIGNAL),
                UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
        }
    }
}
