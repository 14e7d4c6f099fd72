import Cryptography
import Encoding
import EventLoop
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("HTTP over TLS", .timeLimit(.minutes(15)))
struct ServerTLSTests {
    /// A client with Python's `ssl`; `connect()` returns a connected socket.
    private static let client = """
        import socket, ssl, sys
        port, authority = int(sys.argv[1]), sys.argv[2]
        context = ssl.create_default_context(cafile=authority)
        def connect(buffer=None):
            plain = socket.socket()
            plain.settimeout(30)
            if buffer:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            plain.connect(("127.0.0.1", port))
            return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        def get(target, fields=""):
            return f"GET {target} HTTP/1.1\\r\\nHost: localhost\\r\\n{fields}\\r\\n".encode()

        """

    private func python(_ script: String, _ server: TestServer) async throws -> String {
        let directory = try TemporaryFolder()
        let authority = try directory.write(TestCertificates.shared.authorityPEM, as: "authority.pem")
        return try await Program.python(Self.client + script, ["\(server.port)", authority])
    }

    @Test("requests in one TLS record are answered in order, and the connection ends with close_notify")
    func pipelining() async throws {
        try await withServer(tls: TestCertificates.shared.context) { server in
            let script = """
                tls = connect()
                tls.sendall(b"".join(get(f"/small?{number}") for number in range(20)) + get("/x", "Connection: close\\r\\n"))
                received = b""
                while piece := tls.recv(65536):  # An end without close_notify raises an error.
                    received += piece
                bodies = [answer.split(b"\\r\\n\\r\\n")[1] for answer in received.split(b"HTTP/1.1 ")[1:]]
                assert bodies[:20] == [b"small %d" % number for number in range(20)], bodies
                assert b"not_found" in bodies[20]
                print("ok")
                """
            let output = try await python(script, server)
            #expect(output == "ok\n")
        }
    }

    @Test("a slow client receives everything, and at most one response and one chunk of ciphertext are buffered")
    func slowReader() async throws {
        let isBlocked = Gate()
        let answered = Counter()
        let handler: Router.Handler = { request in
            if request.path == "/blocked" {
                // A request on a second connection completes once the first one waits for its client.
                await isBlocked.wait()
                return ServerResponse(status: .ok)
            }
            answered.increment()
            return await exampleRouter.respond(to: request)
        }
        let script = """
            slow, other = connect(4096), connect()
            count = 30
            slow.sendall(get("/large") * count)
            other.sendall(get("/blocked"))
            assert other.recv(65536).startswith(b"HTTP/1.1 200")
            body = bytes((i * 31 + (i >> 8)) & 255 for i in range(1048576))
            reader = slow.makefile("rb")
            for _ in range(count):
                while (line := reader.readline()) != b"\\r\\n":
                    assert line
                assert reader.read(len(body)) == body
            print("ok")
            """
        try await withServer(tls: TestCertificates.shared.context, handler: handler) { server in
            async let output = python(script, server)
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            let unsent = await server.unsent()
            #expect(answered.count < 30)
            #expect(unsent.queued <= largeBody.count + 200)
            // One chunk, with the overhead of its TLS records.
            #expect((1...OutputQueue.chunkLength + 1024).contains(unsent.pending))
            isBlocked.open()
            let result = try await output
            #expect(result == "ok\n")
        }
    }

    @Test("a session of one loop is resumed on another, over TLS 1.2 and 1.3", arguments: ["1_2", "1_3"])
    func resumption(version: String) async throws {
        let script = """
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv\(version)
            session, resumed = None, 0
            for _ in range(30):
                plain = socket.create_connection(("127.0.0.1", port), timeout=30)
                tls = context.wrap_socket(plain, server_hostname="localhost", session=session)
                resumed += tls.session_reused
                # The ticket of TLS 1.3 comes with the first data.
                tls.sendall(get("/small", "Connection: close\\r\\n"))
                while tls.recv(65536):
                    pass
                session = tls.session
                tls.close()
            print(resumed)
            """
        try await withEventLoop { first in
            try await withEventLoop { second in
                let address = try #require(SocketAddress("127.0.0.1:0"))
                let server = try await HTTPServer(
                    on: [first, second],
                    configuration: HTTPServer.Configuration(address: address, tls: TestCertificates.shared.context)
                ) { await exampleRouter.respond(to: $0) }
                try await withCleanup {
                    let directory = try TemporaryFolder()
                    let authority = try directory.write(TestCertificates.shared.authorityPEM, as: "authority.pem")
                    let output = try await Program.python(Self.client + script, ["\(server.address.port)", authority])
                    #expect(output == "29\n")
                } cleanup: {
                    await server.drain(within: .seconds(20))
                }
            }
        }
    }

    @Test("a client that does not use TLS is rejected, reported, and receives no plaintext")
    func plainBytes() async throws {
        try await withServer(tls: TestCertificates.shared.context) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(get("/small"))
            let received = try await onThread { client.read(1000) }
            #expect(!String(decoding: received, as: UTF8.self).contains("HTTP"))
            var events = server.events.makeAsyncIterator()
            guard case .tlsFailed(let reason, let peer) = await events.next() else {
                Issue.record("the failure was not reported")
                return
            }
            #expect(reason.contains("handshake_failed"))
            #expect(peer?.host == "127.0.0.1")
        }
    }

    @Test("a client that disconnects during the handshake leaves no connection behind", arguments: [false, true])
    func leaving(resets: Bool) async throws {
        // The start of a ClientHello: a truncated record of 512 bytes.
        let hello: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
        try await withServer(tls: TestCertificates.shared.context) { server in
            for length in [0, 1, hello.count] {
                let client = try ClientSocket(port: server.port)
                client.send(Array(hello.prefix(length)))
                try await server.wait { !$0.connections.isEmpty }
                client.close(resets: resets)
                try await server.wait { $0.connections.isEmpty }
            }
        }
    }

    @Test("a client that does not trust the certificate is reported")
    func distrust() async throws {
        let script = """
            context = ssl.create_default_context()
            try:
                connect().sendall(get("/small"))
            except ssl.SSLCertVerificationError:
                print("distrusts")
            """
        try await withServer(tls: TestCertificates.shared.context) { server in
            let output = try await python(script, server)
            #expect(output == "distrusts\n")
            var events = server.events.makeAsyncIterator()
            guard case .tlsFailed = await events.next() else {
                Issue.record("the failure was not reported")
                return
            }
        }
    }

    @Test("a rejected request is answered over TLS while the client keeps sending")
    func largeUpload() async throws {
        let script = """
            tls = connect()
            tls.sendall(b"POST /echo HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 20971520\\r\\n\\r\\n")
            for _ in range(20):
                tls.sendall(bytes(1048576))
            received = b""
            while piece := tls.recv(65536):
                received += piece
            assert received.startswith(b"HTTP/1.1 413 "), received
            print("ok")
            """
        try await withServer(tls: TestCertificates.shared.context) { server in
            let output = try await python(script, server)
            #expect(output == "ok\n")
        }
    }
}
