import Foundation
import HTTPClient
import HTTPTypes
import TestSupport
import Testing

/// nginx, with TLS and HTTP/2, on a free port.
private func withNginx(http2: Bool, _ body: (_ port: Int, _ authority: String) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    try await Program.openssl([
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.path("key.pem"), "-out",
        folder.path("certificate.pem"),
    ])
    // nginx needs a fixed port; Python finds a free one.
    let free = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
    let port = try #require(Int(try await Program.python(free).split(separator: "\n")[0]))
    let configuration = """
        daemon off; master_process off; pid \(folder.path("pid")); error_log stderr crit;
        events { worker_connections 256; }
        http {
          access_log off;
          client_body_temp_path \(folder.path("t1")); proxy_temp_path \(folder.path("t2"));
          fastcgi_temp_path \(folder.path("t3")); uwsgi_temp_path \(folder.path("t4")); scgi_temp_path \(folder.path("t5"));
          server {
            listen 127.0.0.1:\(port) ssl\(http2 ? " http2" : "");
            ssl_certificate \(folder.path("certificate.pem")); ssl_certificate_key \(folder.path("key.pem"));
            location / { return 200 "$server_protocol $connection"; }
          }
        }
        """
    let path = try folder.write(configuration, as: "nginx.conf")
    let program = """
        import shutil, socket, subprocess, sys, time
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        server = subprocess.Popen([nginx, "-p", sys.argv[2], "-c", sys.argv[1]])
        while server.poll() is None:
            try: socket.create_connection(("127.0.0.1", int(sys.argv[3]))).close(); break
            except OSError: time.sleep(0.01)
        print("ready", flush=True)
        sys.stdin.read()
        server.kill()
        server.wait()
        """
    try await withPythonServer(program, [path, folder.path, "\(port)"]) { _ in
        try await body(port, folder.path("certificate.pem"))
    }
}

@Suite("Against nginx, over TLS", .timeLimit(.minutes(15)))
struct HTTP2Tests {
    /// nginx's report on concurrent requests: the protocol, and the connection's number.
    private func reports(_ count: Int, http2: Bool) async throws -> [(protocol: String, connection: String)] {
        var reports: [(protocol: String, connection: String)] = []
        try await withNginx(http2: http2) { port, authority in
            try await withClient {
                $0.certificateAuthorities = authority
            } _: { client in
                let request = HTTPRequest(method: .get, scheme: "https", authority: "localhost:\(port)", path: "/")
                reports = try await withThrowingTaskGroup(of: String.self) { group in
                    // The first request negotiates the protocol.
                    let first = String(decoding: try await client.send(request).body, as: UTF8.self)
                    for _ in 1..<count {
                        group.addTask { String(decoding: try await client.send(request).body, as: UTF8.self) }
                    }
                    return try await group.reduce(into: [first]) { $0.append($1) }.map {
                        let text = $0.split(separator: " ").map(String.init)
                        return (text[0], text[1])
                    }
                }
            }
        }
        return reports
    }

    @Test("with HTTP/2, concurrent requests share a connection")
    func multiplexed() async throws {
        let reports = try await reports(40, http2: true)
        #expect(reports.count == 40 && reports.allSatisfy { $0.protocol == "HTTP/2.0" })
        #expect(Set(reports.map(\.connection)).count == 1)
    }

    @Test("without HTTP/2, concurrent requests use several HTTP/1.1 connections")
    func fallback() async throws {
        let reports = try await reports(40, http2: false)
        #expect(reports.count == 40 && reports.allSatisfy { $0.protocol == "HTTP/1.1" })
        #expect((1...16).contains(Set(reports.map(\.connection)).count))
    }

    @Test("a connection over the maximum age is not reused, so that names are resolved again")
    func lifetime() async throws {
        try await withPeer { _ in
            .send(response("x"))
        } configure: {
            $0.maximumConnectionLifetime = 1
        } _: { client, peer in
            _ = try await client.send(HTTPRequest(to: peer))
            try await eventually("a new connection") {
                _ = try await client.send(HTTPRequest(to: peer))
                return peer.acceptedConnections
            } is: {
                $0 >= 2
            }
        }
    }
}
