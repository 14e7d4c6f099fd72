import Cryptography
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

/// Tests with common clients: curl, Python's `http.client` and `requests`.
@Suite("Client programs", .timeLimit(.minutes(15)))
struct ClientProgramTests {
    /// Runs curl with the authority trusted. Its output ends with status, version and number of connections.
    private func curl(_ arguments: [String], input: [UInt8] = []) async throws -> (body: [UInt8], summary: String) {
        let directory = try TemporaryFolder()
        let authority = try directory.write(TestCertificates.shared.authorityPEM, as: "authority.pem")
        let output = directory.path("body")
        let program = try await Program.run(
            [
                "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--cacert", authority,
                "--output", output, "--write-out", "%{http_code} %{http_version} %{num_connects}\n",
            ] + arguments, input: input)
        try #require(program.status == 0, "\(program.errors)")
        let body = (try? directory.read("body")) ?? []
        return (body, program.text)
    }

    @Test("curl reads a large response")
    func get() async throws {
        try await withServer { server in
            let (body, summary) = try await curl(["http://127.0.0.1:\(server.port)/large"])
            #expect(body == largeBody)
            #expect(summary == "200 1.1 1\n")
        }
    }

    @Test("curl uses one connection for two requests")
    func keepAlive() async throws {
        try await withServer { server in
            let url = "http://127.0.0.1:\(server.port)/small"
            let (_, summary) = try await curl([url, url, "--output", "/dev/null"])
            #expect(summary == "200 1.1 1\n200 1.1 0\n")
        }
    }

    @Test(
        "curl sends a body of a megabyte",
        arguments: [[], ["--header", "Transfer-Encoding: chunked"], ["--header", "Expect: 100-continue"]])
    func upload(options: [String]) async throws {
        try await withServer { server in
            let (body, summary) = try await curl(
                ["--data-binary", "@-", "http://127.0.0.1:\(server.port)/echo"] + options, input: largeBody)
            #expect(body == largeBody)
            #expect(summary == "200 1.1 1\n")
        }
    }

    @Test("curl handles error responses and HEAD")
    func rejections() async throws {
        try await withServer { server in
            let base = "http://127.0.0.1:\(server.port)"
            #expect(try await curl(["\(base)/none"]).summary == "404 1.1 1\n")
            #expect(try await curl(["--request", "PUT", "\(base)/echo"]).summary == "405 1.1 1\n")
            #expect(try await curl(["--head", "\(base)/large"]).summary == "200 1.1 1\n")
            let tooLarge = largeBody + [0]
            let (body, summary) = try await curl(["--data-binary", "@-", "\(base)/echo"], input: tooLarge)
            #expect(summary == "413 1.1 1\n")
            #expect(String(decoding: body, as: UTF8.self).contains("body_too_large"))
        }
    }

    @Test("curl uses HTTP/1.1 over TLS 1.2 and 1.3, even if it prefers HTTP/2", arguments: ["1.2", "1.3"])
    func tls(version: String) async throws {
        try await withServer(tls: TestCertificates.shared.context) { server in
            let url = "https://localhost:\(server.port)/large"
            let (body, summary) = try await curl([
                "--http2", "--tlsv\(version)", "--tls-max", version, "--resolve", "localhost:\(server.port):127.0.0.1",
                url,
            ])
            #expect(body == largeBody)
            #expect(summary == "200 1.1 1\n")
        }
    }

    @Test("Python's http.client and requests reuse a connection, send chunks and read error responses")
    func python() async throws {
        let script = """
            import http.client, requests, sys
            port = int(sys.argv[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for number in range(3):
                connection.request("GET", f"/small?{number}")
                socket = connection.sock
                answer = connection.getresponse()
                assert (answer.status, answer.version) == (200, 11), answer.status
                assert answer.read() == b"small %d" % number
                assert connection.sock is socket, "the connection was not kept"
            connection.request("POST", "/echo", body=iter([b"a" * 70000, b"b"]), encode_chunked=True)
            assert connection.getresponse().read() == b"a" * 70000 + b"b"
            connection.request("HEAD", "/large")
            answer = connection.getresponse()
            assert answer.read() == b"" and answer.getheader("Content-Length") == "1048576"
            connection.close()
            session = requests.Session()
            session.trust_env = False
            base = f"http://127.0.0.1:{port}"
            assert session.post(base + "/echo", data=b"x" * 1048576).content == b"x" * 1048576
            refusal = session.put(base + "/echo")
            assert (refusal.status_code, refusal.headers["Allow"]) == (405, "POST")
            assert refusal.json()["error"] == "method_not_allowed"
            session.close()
            print("ok")
            """
        try await withServer { server in
            let output = try await Program.python(script, ["\(server.port)"])
            #expect(output == "ok\n")
        }
    }
}
