import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Network", .timeLimit(.minutes(15)))
    struct Network {
        /// A forward proxy that writes the first line of each connection to a file, with the credentials.
        private static let proxy = """
            import asyncio, sys, urllib.parse
            log = open(sys.argv[1], "a", buffering=1)

            async def pump(reader, writer):
                try:
                    while data := await reader.read(65536):
                        writer.write(data)
                        await writer.drain()
                except OSError:
                    pass
                finally:
                    writer.close()

            async def serve(reader, writer):
                head = await reader.readuntil(b"\\r\\n\\r\\n")
                lines = head.decode("latin-1").split("\\r\\n")
                method, target, _ = lines[0].split(" ", 2)
                who = [line.split(" ", 1)[1] for line in lines if line.lower().startswith("proxy-authorization:")]
                log.write(f"{method} {target} {' '.join(who)}\\n")
                netloc = target if method == "CONNECT" else urllib.parse.urlsplit(target).netloc
                host, port = netloc.rsplit(":", 1)
                upstream = await asyncio.open_connection(host, int(port))
                if method == "CONNECT":
                    writer.write(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
                else:
                    upstream[1].write(head)
                await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))

            async def main():
                server = await asyncio.start_server(serve, "127.0.0.1", 0)
                print(server.sockets[0].getsockname()[1], flush=True)
                await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
                import os
                os._exit(0)

            asyncio.run(main())
            """

        /// Imports an alarm with a proxy in the bridge's environment; returns the proxy's requests.
        private func throughProxy(
            _ environment: (_ port: String) -> [String: String], in world: IntegrationEnvironment
        ) async throws -> [String] {
            let log = try world.folder.write("", as: "proxy.log")
            try await withPythonServer(Self.proxy, [log]) { port in
                let bridge = try await world.start(["log.level": "debug"], environment: environment(port))
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 1)
                #expect(world.aws.findings(in: world.accountRegion).count == 1)
                try await bridge.stop()
                #expect(bridge.program.errorLines.filter { $0.contains("of the proxy") } == [])
            }
            return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        }

        @Test("all requests to AWS use the proxy of ALL_PROXY, with its password, which is not logged")
        func proxy() async throws {
            try await IntegrationEnvironment.run { world in
                let asked = try await throughProxy(
                    {
                        [
                            "ALL_PROXY": "http://user:secret of the proxy@127.0.0.1:\($0)"
                                .replacing(" ", with: "%20")
                        ]
                    }, in: world)
                // The certificate and the confirmation over TLS; LocalAWS's API over plain HTTP.
                #expect(asked.contains { $0.hasPrefix("CONNECT ") }, "\(asked)")
                #expect(asked.contains { $0.hasPrefix("POST http://") || $0.hasPrefix("GET http://") }, "\(asked)")
                let credentials = Data("user:secret of the proxy".utf8).base64EncodedString()
                #expect(asked.allSatisfy { $0.hasSuffix(" Basic \(credentials)") }, "\(asked)")
            }
        }

        @Test("hosts in NO_PROXY are requested without the proxy")
        func noProxy() async throws {
            try await IntegrationEnvironment.run { world in
                let asked = try await throughProxy(
                    { ["ALL_PROXY": "http://127.0.0.1:\($0)", "NO_PROXY": "127.0.0.1,.amazonaws.com"] }, in: world)
                #expect(asked == [])
            }
        }

        @Test("with an unreachable proxy nothing is accepted, and the log names the proxy")
        func unreachableProxy() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(environment: ["HTTPS_PROXY": "http://127.0.0.1:9"])
                let report = try await world.aws.subscribe(
                    topic: world.topics.detect, endpoint: bridge.endpoint, signatureVersion: .two)
                #expect(report.attempts.first == .responded(503))
                try await bridge.stop()
                #expect(bridge.program.errorLines.contains { $0.contains("127.0.0.1 port 9") }, "\(bridge.log)")
            }
        }

        @Test("concurrent requests use no thread each")
        func threads() async throws {
            let names = [
                "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3",
                "eu-central-1", "eu-north-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1",
                "ap-northeast-2", "sa-east-1", "ca-central-1",
            ]
            try await IntegrationEnvironment.run {
                $0.regions = names.compactMap { Region($0) }
            } _: { world in
                let topics = names.compactMap { Region($0) }.map {
                    ARN(
                        service: "sns", accountRegion: AccountRegion(account: world.accountRegion.account, region: $0),
                        resource: "device-defender-detect")
                }
                let silence = try await world.serveSilence()
                let bridge = try await world.start(
                    ["sns.topics": topics.map(\.description).joined(separator: ",")],
                    environment: ["AWS_ENDPOINT_URL_SECURITYHUB": silence.url])
                func threads() throws -> Int {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(bridge.program.identifier)/task").count
                }
                let before = try threads()
                for (index, topic) in topics.enumerated() {
                    try await world.subscribe(bridge, to: topic)
                    let scenario = FleetScenario(
                        accountRegion: topic.accountRegion, findings: 23,
                        startTime: Int64(Date().timeIntervalSince1970 * 1000) - 3_600_000)
                    try await world.publish(try Alarms.make(0..<1, from: scenario), to: topic)
                    try await eventually("the requests of \(index + 1) Regions") {
                        silence.requests.value
                    } is: {
                        $0 >= index + 1
                    }
                }
                // Swift, Foundation and the store start some threads per core when they are first used.
                let count = try threads() - before
                #expect(count < names.count, "\(count) more threads than the \(before) without requests")
                try await bridge.kill()
            }
        }

        @Test(
            "an unresponsive first address of a host does not prevent the second",
            .enabled(if: geteuid() == 0, "a network of its own needs root"))
        func secondAddress() async throws {
            try await IntegrationEnvironment.run { world in
                let hosts = try world.folder.write(
                    "127.0.0.1 localhost\n2001:db8::2 hub.test\n127.0.0.1 hub.test\n", as: "hosts")
                let server = try world.folder.write(
                    """
                    import http.server, sys

                    class Service(http.server.BaseHTTPRequestHandler):
                        def do_POST(self):
                            self.rfile.read(int(self.headers["Content-Length"]))
                            body = b"<GetCallerIdentityResponse><GetCallerIdentityResult>" \\
                                b"<Arn>arn:aws:iam::111122223333:user/test</Arn><UserId>U</UserId>" \\
                                b"<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                            self.send_response(200)
                            self.send_header("Content-Length", str(len(body)))
                            self.end_headers()
                            self.wfile.write(body)

                        def log_message(self, *_):
                            pass

                    http.server.HTTPServer(("127.0.0.1", 8080), Service).serve_forever()
                    """, as: "server.py")
                // A network namespace that drops packets to the first address.
                let script = """
                    set -e
                    ip link set lo up
                    ip link add nowhere type veth peer name end
                    ip link set end up
                    ip link set nowhere up
                    ip address add 2001:db8::1/64 dev nowhere nodad
                    ip neighbour add 2001:db8::2 lladdr 02:00:00:00:00:02 dev nowhere nud permanent
                    mount --bind "$1" /etc/hosts
                    python3 "$2" & server=$!
                    shift 2
                    python3 - <<'END'
                    import socket, time
                    assert [info[4][0] for info in socket.getaddrinfo("hub.test", 8080, type=socket.SOCK_STREAM)] == \\
                        ["2001:db8::2", "127.0.0.1"]
                    while socket.socket().connect_ex(("127.0.0.1", 8080)):
                        time.sleep(0.05)
                    END
                    "$@" || true
                    kill $server
                    """
                let program = try await RunningProgram.run(
                    [
                        "unshare", "--net", "--mount", "sh", "-c", script, "sh", hosts, server, Paths.program, "check",
                        "--json",
                    ]
                        + world.flags,
                    environment: world.environment.merging([
                        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_STS": "http://hub.test:8080",
                    ]) { _, last in last })
                let report = try JSON(parsing: Array(program.outputLines.joined(separator: "\n").utf8))
                let credentials = report["checks"]?.array?.first { $0["name"] == "credentials" }
                #expect(credentials?["outcome"] == "passed", "\(program.outputLines), \(program.errorLines)")
            }
        }
    }
}
