import Foundation
import LocalAWS
import TestSupport
import Testing

@testable import Planning

extension IntegrationTests {
    @Suite("Names that lead elsewhere", .timeLimit(.minutes(15)))
    struct Names {
        /// A proxy to the stand-in for AWS. It prints its port and then the path of each request, and answers with
        /// `Connection: close` while a certain file exists.
        private static let passage = """
            import http.client, http.server, os, sys
            address, port, upstream, leave = sys.argv[1:]

            class Passage(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"

                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    connection = http.client.HTTPConnection(upstream)
                    connection.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        connection.putheader(name, value)
                    connection.endheaders(body)
                    answer = connection.getresponse()
                    content = answer.read()
                    connection.close()
                    print(self.path, flush=True)
                    self.send_response_only(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    if os.path.exists(leave):
                        self.send_header("Connection", "close")
                    self.end_headers()
                    self.wfile.write(content)

            server = http.server.ThreadingHTTPServer((address, int(port)), Passage)
            print(server.server_address[1], flush=True)
            server.serve_forever()
            """

        private struct Passage {
            let program: RunningProgram
            let port: String

            /// How many requests it has forwarded.
            var count: Int { max(program.outputLines.count - 1, 0) }

            init(on address: String, port: String, in world: IntegrationEnvironment) async throws {
                let url = try #require(world.aws.endpointEnvironment["AWS_ENDPOINT_URL"].flatMap { URL(string: $0) })
                let upstream = "\(try #require(url.host())):\(try #require(url.port))"
                let program = try RunningProgram([
                    "python3", "-c", Names.passage, address, port, upstream, world.folder.path("leave"),
                ])
                world.keep(program)
                let line = try await eventually("the port") {
                    program.outputLines.first
                } is: {
                    $0 != nil
                }
                self.program = program
                self.port = try #require(line)
            }
        }

        /// What happens to the address that the name resolved to.
        enum Change: CaseIterable { case stops, asksToLeave }

        @Test(
            "what goes to AWS follows a name to another address, though connections are kept",
            .enabled(if: geteuid() == 0, "a file of names of its own needs root"), arguments: Change.allCases)
        func follows(change: Change) async throws {
            try await IntegrationEnvironment.run { world in
                let hosts = try world.folder.write("127.0.0.1 localhost hub.test\n", as: "hosts")
                let old = try await Passage(on: "127.0.0.1", port: "0", in: world)
                let new = try await Passage(on: "127.0.0.2", port: old.port, in: world)
                let bridge = try await world.start(
                    environment: ["AWS_ENDPOINT_URL_SECURITYHUB": "http://hub.test:\(old.port)"],
                    wrapper: [
                        "unshare", "--mount", "sh", "-c", #"mount --bind "$1" /etc/hosts && shift && exec "$@""#, "sh",
                        hosts,
                    ])
                try await world.subscribe(bridge, to: world.topics.detect)
                func report(_ number: Int) async throws {
                    try await world.publish(
                        try Alarms.make(number..<number + 1, from: world.scenario()), to: world.topics.detect)
                    try await bridge.waitForCompletion(of: number + 1)
                }
                try await report(0)
                #expect(old.count > 0 && new.count == 0)

                // Written in place: this file is mounted as /etc/hosts of the bridge.
                let file = try FileHandle(forWritingTo: URL(filePath: hosts))
                try file.truncate(atOffset: 0)
                try file.write(contentsOf: Data("127.0.0.1 localhost\n127.0.0.2 hub.test\n".utf8))
                try file.close()
                switch change {
                case .stops:
                    old.program.signal(SIGKILL)
                    try await old.program.waitForExit()
                case .asksToLeave: try world.folder.write("", as: "leave")
                }
                var number = 0
                try await eventually("the new address to be asked", within: .seconds(30)) {
                    number += 1
                    try await report(number)
                    return new.count
                } is: {
                    $0 > 0
                }
                let left = old.count
                try await report(number + 1)
                #expect(old.count == left && new.count > 1)
                #expect(world.aws.findings(in: world.accountRegion).count == number + 2)
                try await bridge.stop()
            }
        }
    }
}
