import Bridge
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Shutdown", .timeLimit(.minutes(15)))
    struct Shutdown {
        @Test("an idle bridge exits with code 0", arguments: [SIGTERM, SIGINT])
        func idle(signal: Int32) async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await bridge.stop(with: signal)
                #expect(bridge.log(.bridgeStopped).count == 1)
                #expect(try await Client.canConnect(to: bridge.listen) == false)
                #expect(try await Client.canConnect(to: bridge.admin) == false)
            }
        }

        @Test(
            "the bridge responds to the request in progress, and accepts no new connections",
            arguments: [SIGTERM, SIGINT])
        func requestInProgress(signal: Int32) async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let alarm = try Alarms.make(0..<1, from: world.scenario())[0]
                let body = try await world.signedBody(of: String(decoding: alarm.serialized(), as: UTF8.self))
                let request = Request.sns(body).bytes
                let (client, idle) = try await onThread { () throws in
                    (try Client(bridge.listen), try Client(bridge.listen))
                }
                client.send(Array(request[..<(request.count / 2)]))
                // The bridge has received the partial request once it has responded to a later one.
                #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
                bridge.program.signal(signal)
                try await eventually("new connections to be refused") {
                    try await Client.canConnect(to: bridge.listen)
                } is: {
                    !$0
                }
                client.send(Array(request[(request.count / 2)...]))
                let response = try await onThread { try client.readResponse() }
                client.close()
                idle.close()
                #expect(response.status == 200, "\(response.text)")
                #expect(response.fields["connection"] == "close")
                let (exit, time) = try await bridge.program.waitForExit()
                #expect(exit == RunningProgram.Exit(status: 0, wasKilled: false))
                #expect(time < .seconds(10), "\(bridge.program.errorLines.suffix(10))")
                #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 1)
            }
        }

        @Test("the bridge does not wait for a client that never completes its request")
        func endlessRequest() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let client = try await onThread { try Client(bridge.listen) }
                client.send(Array("POST /sns HTTP/1.1\r\nHost: bridge\r\nContent-Length: 100\r\n\r\n".utf8))
                #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
                try await bridge.stop()
                client.close()
            }
        }

        @Test(
            "the bridge releases its leases while a service does not respond, and the next process continues immediately",
            arguments: [
                (SIGTERM, "AWS_ENDPOINT_URL_SECURITYHUB"), (SIGINT, "AWS_ENDPOINT_URL_SECURITYHUB"),
                (SIGTERM, "AWS_ENDPOINT_URL_IOT"),
            ])
        func silentService(signal: Int32, variable: String) async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 300)
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                let silence = try await world.serveSilence()
                let first = try await world.start(environment: [variable: silence.url])
                try await world.subscribe(first, to: world.topics.detect)
                try await world.subscribe(first, to: world.topics.audit)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                try await eventually("the service to be asked", { silence.requests.value }, is: { $0 > 0 })
                let alarms = try Alarms.make(0..<20, from: scenario)
                try await world.publish(alarms, to: world.topics.detect)
                try await first.stop(with: signal)
                #expect(try await world.count("SELECT COUNT(*) FROM delivery WHERE state = 'leased'") == 0)
                #expect(try await world.count("SELECT MAX(attempts) FROM delivery WHERE state = 'pending'") == 0)

                let second = try await world.start()
                // A lease lasts a minute.
                try await second.waitForCompletion(of: 21, within: .seconds(30))
                #expect(world.aws.findings(in: world.accountRegion).count == 20 + 300 + scenario.auditTask.checks.count)
                try await second.stop()
            }
        }

        /// A name server that prints a line for each query and never responds.
        private static let silentNameServer = """
            import socket
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind(("127.0.0.153", 53))
            while True:
                print(len(server.recv(4096)), flush=True)
            """

        @Test(
            "the bridge does not wait for a name server that does not respond",
            .enabled(if: geteuid() == 0, "a name server of its own needs root"))
        func silentNameServer() async throws {
            try await IntegrationEnvironment.run { world in
                let server = try RunningProgram(["python3", "-c", Self.silentNameServer])
                world.keep(server)
                let settings = try world.folder.write(
                    "nameserver 127.0.0.153\noptions timeout:30 attempts:1\n", as: "resolv.conf")
                let bridge = try await world.start(
                    environment: ["AWS_ENDPOINT_URL_SECURITYHUB": "http://hub.example.com"],
                    wrapper: [
                        "unshare", "--mount", "sh", "-c",
                        #"mount --bind "$1" /etc/resolv.conf && shift && exec "$@""#, "sh", settings,
                    ])
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                try await eventually("a lookup") { !server.outputLines.isEmpty }
                try await bridge.stop()
                #expect(try await world.count("SELECT COUNT(*) FROM delivery WHERE state = 'pending'") == 1)
            }
        }

        @Test("the bridge stops during an audit, and the next process completes it")
        func audit() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 2000)
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                // Eight pages result in 24 batches. During the shutdown the process may send some of them, but not all.
                let slow = ["securityHub.requestsPerSecond": "1", "securityHub.burst": "2"]
                let first = try await world.start(slow)
                try await world.subscribe(first, to: world.topics.audit)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                try await eventually("the audit to be under way") {
                    world.aws.findings(in: world.accountRegion).count
                } is: {
                    $0 > 0
                }
                try await first.stop()
                #expect(world.aws.findings(in: world.accountRegion).count < 2000)
                #expect(try await world.count("SELECT COUNT(*) FROM delivery WHERE state = 'pending'") == 1)
                let second = try await world.start()
                try await second.waitForCompletion(of: 1)
                let findings = world.aws.findings(in: world.accountRegion).compactMap { $0["Id"]?.string }
                #expect(findings.count == 2000 + scenario.auditTask.checks.count)
                #expect(Set(findings).count == findings.count)
                try await second.stop()
            }
        }
    }
}
