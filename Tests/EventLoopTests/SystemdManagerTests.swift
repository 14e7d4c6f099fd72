import Encoding
import Foundation
import TestSupport
import Testing

@testable import EventLoop

@Suite("SystemdManager")
struct SystemdManagerTests {
    @Test("sockets passed to this process are returned with their names")
    func sockets() {
        let own = "\(getpid())"
        func sockets(_ environment: [String: String]) -> [SystemdManager.Inherited] {
            SystemdManager(environment: environment).sockets
        }
        #expect(
            sockets(["LISTEN_PID": own, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "listen:admin"]) == [
                .init(name: "listen", descriptor: 3), .init(name: "admin", descriptor: 4),
            ])
        #expect(sockets(["LISTEN_PID": own, "LISTEN_FDS": "1"]) == [.init(name: "unknown", descriptor: 3)])
        for other in [
            [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "1", "LISTEN_FDS": "1"], ["LISTEN_PID": own, "LISTEN_FDS": "0"],
            ["LISTEN_PID": own, "LISTEN_FDS": "x"], ["LISTEN_PID": own, "LISTEN_FDS": "65"],
        ] {
            #expect(sockets(other) == [])
        }
    }

    @Test("the watchdog interval applies if it is meant for this process")
    func watchdog() {
        func limit(_ environment: [String: String]) -> Duration? {
            SystemdManager(environment: environment).watchdogLimit
        }
        #expect(limit(["WATCHDOG_USEC": "1500000"]) == .milliseconds(1500))
        #expect(limit(["WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "\(getpid())"]) == .milliseconds(1500))
        #expect(limit(["WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"]) == nil)
        #expect(limit(["WATCHDOG_USEC": "0"]) == nil && limit([:]) == nil)
    }

    /// Prints that it listens, then what a socket receives.
    private static let receiver = """
        import socket, sys
        name = sys.argv[1]
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.settimeout(30)
        receiver.bind("\\0" + name[1:] if name.startswith("@") else name)
        print("listening", flush=True)
        print(receiver.recv(4096).decode().replace("\\n", "|"), flush=True)
        """

    @Test("notifications arrive, by a path and by an abstract name", arguments: [false, true])
    func notify(isAbstract: Bool) async throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@defender-bridge-\(UUID().uuidString)" : folder.path("notify")
        let receiver = try PythonProcess(Self.receiver, [name])
        let text = try await onThread { () throws -> String in
            _ = try receiver.readLine()
            SystemdManager(environment: ["NOTIFY_SOCKET": name]).notify("READY=1\nSTATUS=x")
            defer { _ = try? receiver.end() }
            return try receiver.readLine()
        }
        #expect(text == "READY=1|STATUS=x")
    }

    @Test("a missing listener, or no socket at all, is not an error", arguments: ["/nowhere/notify", "relative", ""])
    func missingListener(name: String) { SystemdManager(environment: ["NOTIFY_SOCKET": name]).notify("READY=1") }
}

@Suite("ListeningSocket")
struct ListeningSocketTests {
    @Test("several sockets share one address, which other processes cannot bind")
    func shared() async throws {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        try await withEventLoop { loop in
            let sockets = try ListeningSocket.bind(address, count: 3)
            #expect(Set(sockets.map(\.address)).count == 1 && sockets[0].address.port != 0)
            let taken = sockets[0].address
            for socket in sockets {
                let listener = try await Self.greet(on: loop, socket)
                for count in [1, 2] {
                    let error = #expect(throws: EventLoopError.self) { try ListeningSocket.bind(taken, count: count) }
                    #expect(error?.name == "EADDRINUSE")
                }
                await loop.run { listener.value.close() }
            }
        }
    }

    @Test("a socket without a listener is closed on release")
    func dropped() throws {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        let taken = try ListeningSocket.bind(address)[0].address
        #expect(try ListeningSocket.bind(taken)[0].address == taken)
    }

    @Test("a descriptor that is not a listening TCP socket is rejected")
    func notListening() throws {
        var pipes: [CInt] = [0, 0]
        try #require(pipe(&pipes) == 0)
        defer { close(pipes[1]) }
        #expect(throws: EventLoopError.self) { try ListeningSocket.inherit(pipes[0]) }
    }

    @Test("several loops listen on an inherited socket")
    func inherited() async throws {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        try await withEventLoop { first in
            try await withEventLoop { second in
                let original = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                var name = sockaddr_in()
                name.sin_family = sa_family_t(AF_INET)
                name.sin_addr.s_addr = inet_addr("127.0.0.1")
                let bound = withUnsafePointer(to: &name) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(original, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                try #require(bound == 0 && listen(original, 16) == 0)
                let sockets = try ListeningSocket.inherit(original, count: 2)
                #expect(sockets[0].address.host == address.host && sockets[0].address == sockets[1].address)
                let listeners = [
                    try await Self.greet(on: first, sockets[0]), try await Self.greet(on: second, sockets[1]),
                ]
                for _ in 0..<20 {
                    let client = try ClientSocket(port: sockets[0].address.port)
                    #expect(try await onThread { client.read(2) } == [0x68, 0x69])
                    client.close()
                }
                for listener in listeners { await listener.loop.run { listener.value.close() } }
            }
        }
    }

    private static func greet(on loop: EventLoop, _ socket: ListeningSocket) async throws -> LoopBound<TCPListener> {
        try await loop.run { () throws(EventLoopError) in
            let listener = try TCPListener(socket, on: loop) { stream in
                stream.write([0x68, 0x69])
                stream.close()
            }
            return LoopBound(listener, loop: loop)
        }
    }

    @Test("the soft limit of descriptors is raised to the hard limit")
    func descriptors() {
        var limit = rlimit()
        let raised = DescriptorLimit.raise()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(raised == Int(limit.rlim_max) && limit.rlim_cur == limit.rlim_max)
    }
}
