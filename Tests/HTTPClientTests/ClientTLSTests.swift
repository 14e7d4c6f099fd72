import HTTPClient
import HTTPTypes
import TestSupport
import Testing

/// A server with a certificate for `bridge.test`, by Python's `ssl`, and the authority that signed it.
private struct TLSServer {
    let port: String
    let authority: String

    /// Runs a test with a server.
    ///
    /// - Parameter version: the server's newest TLS version.
    static func with(version: String = "TLSv1_3", _ body: (TLSServer) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await withPythonServer(program, [folder.path, version]) { port in
            try await body(TLSServer(port: port, authority: folder.path("authority.pem")))
        }
    }

    private static let program = """
        import os, socket, ssl, subprocess, sys, threading
        os.chdir(sys.argv[1])
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        openssl("req", "-x509", *key, "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=Authority")
        openssl("req", "-x509", *key, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=bridge.test",
                "-CA", "authority.pem", "-CAkey", "authority.key", "-addext", "subjectAltName=DNS:bridge.test",
                "-addext", "basicConstraints=CA:FALSE")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = getattr(ssl.TLSVersion, sys.argv[2])
        context.load_cert_chain("server.pem", "server.key")
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        def serve():
            while True:
                connection, _ = listener.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as stream:
                        stream.recv(65536)
                        body = stream.version().encode()
                        stream.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s"
                                       % (len(body), body))
                except OSError:
                    connection.close()
        threading.Thread(target=serve, daemon=True).start()
        sys.stdin.read()
        """

    /// Requests `https://host/` from the server.
    func request(host: String, trusting authority: String?) async throws -> Result<String, HTTPClientError> {
        var result: Result<String, HTTPClientError>?
        try await withClient {
            $0.connectTo = ["::127.0.0.1:\(port)"]
            $0.certificateAuthorities = authority
        } _: { client in
            do throws(HTTPClientError) {
                let (_, body) = try await client.send(
                    HTTPRequest(method: .get, scheme: "https", authority: host, path: "/"))
                result = .success(String(decoding: body, as: UTF8.self))
            } catch {
                result = .failure(error)
            }
        }
        return try #require(result)
    }
}

@Suite("TLS in the HTTP client", .timeLimit(.minutes(15)))
struct ClientTLSTests {
    @Test("a peer with a trusted authority is accepted", arguments: ["TLSv1_2", "TLSv1_3"])
    func trusted(version: String) async throws {
        try await TLSServer.with(version: version) { server in
            let result = try await server.request(host: "bridge.test", trusting: server.authority)
            #expect(result == .success(version == "TLSv1_2" ? "TLSv1.2" : "TLSv1.3"))
        }
    }

    @Test("a peer with an untrusted authority is rejected")
    func untrusted() async throws {
        try await TLSServer.with { server in
            let result = try await server.request(host: "bridge.test", trusting: nil)
            let error = try #require(throws: HTTPClientError.self) { try result.get() }
            #expect(error.code == .tlsRejected)
            #expect(!error.isTransient)
        }
    }

    @Test("a peer with a certificate for another name is rejected")
    func wrongName() async throws {
        try await TLSServer.with { server in
            let result = try await server.request(host: "other.test", trusting: server.authority)
            let error = try #require(throws: HTTPClientError.self) { try result.get() }
            #expect(error.code == .tlsRejected)
        }
    }

    @Test("a peer with TLS 1.1 or older is rejected")
    func oldVersion() async throws {
        try await TLSServer.with(version: "TLSv1_1") { server in
            let result = try await server.request(host: "bridge.test", trusting: server.authority)
            let error = try #require(throws: HTTPClientError.self) { try result.get() }
            #expect(error.code == .connectFailed)
        }
    }

    @Test("a missing file of authorities is rejected with its path")
    func missingFile() async throws {
        try await TLSServer.with { server in
            let result = try await server.request(host: "bridge.test", trusting: "/no/such/file.pem")
            let error = try #require(throws: HTTPClientError.self) { try result.get() }
            #expect(error.code == .tlsRejected)
            #expect(error.message.contains("/no/such/file.pem"))
        }
    }
}
