import AWSCore
import Bridge
import Foundation
import JSON
import LocalAWS
import Synchronization
import Telemetry
import TestSupport
import Testing

/// Runs in parallel with IntegrationTests, because testssl.sh and the attacks take minutes.
@Suite("Listener", .serialized, .timeLimit(.minutes(15)))
struct ListenerProgramTests {
    // MARK: Certificates

    @Test("a new certificate is used without dropping a connection, and a bad one is rejected and reported")
    func reload() async throws {
        try await IntegrationEnvironment.run { world in
            let tls = try await TestCertificate.make("first", in: world.folder)
            let bridge = try await world.start(tls.settings)
            let authority = try world.folder.write([], as: "trusted.pem")
            func trust(_ certificate: TestCertificate) throws {
                try world.folder.write(try world.folder.read("\(certificate.name).pem"), as: "trusted.pem")
            }
            let client = try PythonProcess(TestCertificate.client, [authority, bridge.listen])
            func ask(_ command: String) async throws -> String {
                try await onThread {
                    try client.write(Array("\(command)\n".utf8))
                    return try client.readLine()
                }
            }
            try trust(tls)
            #expect(try await ask("open") == "200 first")
            // By SIGHUP.
            try await TestCertificate.make("second", in: world.folder, key: "rsa:2048").use(for: tls, in: world)
            bridge.program.signal(SIGHUP)
            try await eventually("the new certificate") {
                bridge.log(.certificateReplaced).count == 1
            }
            #expect(try await ask("same") == "200")
            try trust(TestCertificate(name: "second", folder: world.folder))
            #expect(try await ask("open") == "200 second")
            // A key of another certificate.
            try world.folder.write(try world.folder.read("first.key.original"), as: "first.key")
            bridge.program.signal(SIGHUP)
            try await eventually("the refusal") {
                bridge.log(.certificateReloadFailed).count == 1
            }
            #expect(try await ask("open") == "200 second")
            #expect(try await bridge.metric("defender_bridge_tls_reloads_total{outcome=\"failed\"}") == 1)
            #expect(try await ask("ready").contains("does not match the first certificate"))
            // By polling the files.
            try await TestCertificate.make("third", in: world.folder).use(for: tls, in: world)
            try await eventually("the third certificate") {
                bridge.log(.certificateReplaced).count == 2
            }
            try trust(TestCertificate(name: "third", folder: world.folder))
            #expect(try await ask("open") == "200 third")
            #expect(try await ask("same") == "200")
            #expect(try await ask("ready") == "{\"status\":\"ready\"}")
            #expect(try await bridge.metric("defender_bridge_tls_reloads_total{outcome=\"replaced\"}") == 2)
            let end = try await bridge.metric("defender_bridge_tls_certificate_expiry_timestamp_seconds")
            #expect(abs(end - Date().timeIntervalSince1970 - 90 * 86_400) < 3600)
            _ = try await onThread { try client.end() }
            try await bridge.stop()
        }
    }

    @Test("a certificate that expires soon causes a warning at start and in /readyz")
    func expiresSoon() async throws {
        try await IntegrationEnvironment.run { world in
            let tls = try TestCertificate.expiring(in: world.folder, days: 3)
            let bridge = try await world.start(tls.settings)
            let lines = try await eventually("the line of the log", { bridge.log(.certificateExpiresSoon) }) {
                !$0.isEmpty
            }
            let end = try #require(lines.first?["expiresAt"]?.string)
            let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            #expect(try abs(Date(end, strategy: format).timeIntervalSinceNow - 3 * 86_400) < 3600, "\(end)")
            let ready = try await RunningProgram.run([
                "curl", "--silent", "--insecure", "https://\(bridge.listen)/readyz",
            ])
            #expect(ready.outputLines.first?.contains("expires in 3 days") == true, "\(ready.outputLines)")
            try await bridge.stop()
        }
    }

    @Test("SIGHUP without a certificate changes nothing")
    func hangup() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start()
            bridge.program.signal(SIGHUP)
            try await eventually("the line of the log") {
                bridge.log(.configurationUnchanged).count == 1
            }
            #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
            try await bridge.stop()
        }
    }

    @Test("curl, Python and Java deliver over TLS 1.2 and 1.3", arguments: ["prime256v1", "rsa:2048"])
    func clients(key: String) async throws {
        try await IntegrationEnvironment.run { world in
            let tls = try await TestCertificate.make("server", in: world.folder, key: key)
            let bridge = try await world.start(tls.settings)
            let body = try world.folder.write(try await world.signedBody(of: "{}"), as: "body")
            let url = "https://\(bridge.listen.replacing("127.0.0.1", with: "localhost"))/sns"
            for version in ["1.2", "1.3"] {
                let curl = try await RunningProgram.run([
                    "curl", "--silent", "--show-error", "--cacert", tls.certificate, "--tlsv\(version)",
                    "--tls-max", version, "--data-binary", "@\(body)", "--output", "/dev/null", "--write-out",
                    "%{http_code}\n", url,
                ])
                #expect(curl.outputLines == ["200"], "curl \(version): \(curl.errorLines)")
                let python = try await RunningProgram.python([
                    "-c", TestCertificate.pythonDelivery, tls.certificate, url, version, body,
                ])
                #expect(python == ["200 TLSv\(version)"])
                let java = try await RunningProgram.run([
                    "java", "-XX:-UsePerfData", Paths.inPackage("Tests/IntegrationTests/Support/Deliver.java"),
                    tls.certificate, url,
                    "TLSv\(version)", body,
                ])
                #expect(java.outputLines == ["200 TLSv\(version) HTTP_1_1"], "Java \(version): \(java.errorLines)")
            }
            try await bridge.stop()
            let lines = bridge.log(.requestCompleted).filter { $0["path"] == "/sns" }
            #expect(lines.map { $0["tls"]?.string?.suffix(3) } == ["1.2", "1.2", "1.2", "1.3", "1.3", "1.3"])
            #expect(Set(lines.compactMap { $0["request"]?.string }).count == 6)
        }
    }

    @Test("testssl.sh finds nothing above LOW, with ECDSA and with RSA")
    func testssl() async throws {
        try await IntegrationEnvironment.run { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (name, key) in [("ecdsa", "prime256v1"), ("rsa", "rsa:2048")] {
                    group.addTask { try await testssl(name, key: key, in: world) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func testssl(_ name: String, key: String, in world: IntegrationEnvironment) async throws {
        let tls = try await TestCertificate.make(name, in: world.folder, key: key)
        let store = ["store.url": "sqlite://\(world.folder.path)/\(name).db"]
        let bridge = try await world.start(tls.settings.merging(store) { _, last in last })
        let report = world.folder.path("\(name).json")
        let program = try await RunningProgram.run(
            [
                "testssl", "--quiet", "--color", "0", "--ip", "one", "--add-ca", tls.authority, "--severity", "LOW",
                "--jsonfile", report, "https://\(bridge.listen.replacing("127.0.0.1", with: "localhost"))",
            ], within: .seconds(280))
        let findings = try #require(try JSON(parsing: world.folder.read("\(name).json")).array)
        func text(_ finding: JSON, _ name: String) -> String { finding[name]?.string ?? "" }
        let grave = findings.filter { ["MEDIUM", "HIGH", "CRITICAL"].contains(text($0, "severity")) }
        #expect(grave == [], "\(name): \(program.outputLines.suffix(5))")
        // Control: testssl.sh has run its checks.
        #expect(findings.contains { text($0, "id") == "HSTS" && text($0, "severity") == "LOW" })
        try await bridge.stop()
    }

    // MARK: Load

    /// Writes distinct signed deliveries to a file for load.py.
    private func bodies(_ count: Int, in world: IntegrationEnvironment) async throws -> String {
        let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
        var bodies: [JSON] = []
        for number in 0..<count {
            let body = try await mailbox.body(of: "{\"number\":\(number)}")
            bodies.append(.string(Data(body).base64EncodedString()))
        }
        return try world.folder.write(JSON.array(bodies).serialized(), as: "bodies.json")
    }

    private func load(_ arguments: [String], within limit: Duration = .seconds(120)) async throws -> JSON {
        let program = try await RunningProgram.run(
            ["python3", Paths.inPackage("Tests/IntegrationTests/Support/load.py")] + arguments, within: limit)
        try #require(program.exit?.status == 0, "\(program.errorLines.suffix(5))")
        return try JSON(parsing: program.outputLines.last ?? "")
    }

    @Test(
        "200 signed deliveries a second all get 200 while slowhttptest attacks",
        arguments: [("slow headers", "-H"), ("slow bodies", "-B"), ("ranges", "-R"), ("slow reading", "-X")])
    func slowClients(name: String, mode: String) async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start()
            let bodies = try await bodies(400, in: world)
            let attack = try RunningProgram([
                "slowhttptest", mode, "-c", "1000", "-r", "200", "-i", "1", "-l", "12", "-x", "24", "-p", "2", "-k",
                "3", "-u", "http://\(bridge.listen)/\(mode == "-B" ? "sns" : "healthz")",
            ])
            world.keep(attack)
            let result = try await load(["deliver", bridge.listen, bodies, "200", "12"])
            print("slowhttptest, \(name): \(String(decoding: result.serialized(), as: UTF8.self))")
            #expect(result["statuses"] == ["200": 2400])
            // Control: slowhttptest has made connections.
            try await attack.waitForExit(within: .seconds(60))
            #expect(attack.outputLines.contains { $0.contains("connected:") }, "\(attack.outputLines.suffix(20))")
            try await bridge.stop()
        }
    }

    @Test("10,000 idle connections and a flood of new ones prevent no delivery")
    func crowd() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start()
            let bodies = try await bodies(400, in: world)
            let before = try memory(of: bridge)
            let crowd = try PythonProcess(
                "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
                [Paths.inPackage("Tests/IntegrationTests/Support/load.py"), "idle", bridge.listen, "10000"],
                within: .seconds(200))
            #expect(try await onThread { try crowd.readLine() } == "ready")
            let perConnection = (try memory(of: bridge) - before) / 10_000
            print("an idle connection holds \(perConnection) bytes")
            #expect(perConnection < 16_384)
            async let flood = load(["flood", bridge.listen, "10"])
            let result = try await load(["deliver", bridge.listen, bodies, "200", "8"])
            print(
                "10,000 idle and a flood: \(String(decoding: result.serialized(), as: UTF8.self)), \(try await flood)"
            )
            #expect(result["statuses"] == ["200": 1600])
            _ = try await onThread { try crowd.end() }
            try await bridge.stop()
        }
    }

    /// The resident memory of a process, in bytes.
    private func memory(of bridge: BridgeProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(bridge.program.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(separator: " ")[1])) * 1024
    }

    @Test("with few file descriptors idle connections are evicted, and descriptors never run out")
    func fewDescriptors() async throws {
        try await IntegrationEnvironment.run { world in
            // prlimit replaces itself by the bridge, so only the bridge has the limit.
            let bridge = try await world.start(wrapper: ["prlimit", "--nofile=400:400"])
            let bodies = try await bodies(100, in: world)
            let crowd = try PythonProcess(
                "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
                [Paths.inPackage("Tests/IntegrationTests/Support/load.py"), "idle", bridge.listen, "1000"],
                within: .seconds(100))
            #expect(try await onThread { try crowd.readLine() } == "ready")
            let result = try await load(["deliver", bridge.listen, bodies, "50", "4"])
            #expect(result["statuses"] == ["200": 200])
            let descriptors = try FileManager.default.contentsOfDirectory(
                atPath: "/proc/\(bridge.program.identifier)/fd")
            #expect(descriptors.count < 300)
            _ = try await onThread { try crowd.end() }
            try await eventually("what was done to be counted") {
                try await bridge.metric("defender_bridge_connections_closed_total{kind=\"idle\"}") >= 500
            }
            try await bridge.stop()
        }
    }

    // MARK: Service managers

    @Test("a restart under systemd loses no delivery: the sockets stay, and requests in progress complete")
    func restart() async throws {
        try await IntegrationEnvironment.run { world in
            let bodies = try await bodies(300, in: world)
            let flags = world.settings.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            let program = try await RunningProgram.run(
                [
                    "python3", Paths.inPackage("Tests/IntegrationTests/Support/load.py"), "restart", bodies,
                    Paths.program,
                    "serve",
                ]
                    + flags, environment: world.environment, within: .seconds(120))
            let result = try JSON(parsing: program.outputLines.last ?? "")
            #expect(result["codes"] == [0, 0, 0, 0], "\(program.errorLines.suffix(5))")
            #expect(result["statuses"] == ["200": 300])
            #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 300)
        }
    }

    // MARK: Overload

    @Test("a full queue gives 503 with Retry-After, and accepts deliveries again when it has capacity")
    func fullQueue() async throws {
        try await IntegrationEnvironment.run { world in
            let silence = try await world.serveSilence()
            let first = try await world.start(
                ["store.maxPending": "2"], environment: ["AWS_ENDPOINT_URL_SECURITYHUB": silence.url])
            let alarms = try Alarms.make(0..<3, from: world.scenario())
            var bodies: [[UInt8]] = []
            for alarm in alarms {
                bodies.append(try await world.signedBody(of: String(decoding: alarm.serialized(), as: UTF8.self)))
            }
            for (body, status) in zip(bodies, [200, 200, 503]) {
                let answer = try await Client.exchange(.sns(body), with: first.listen)
                #expect(answer.status == status, "\(answer.text)")
                #expect(answer.fields["retry-after"] == (status == 503 ? "10" : nil))
                if status == 503 { #expect(try answer.json["error"] == "queue_full") }
            }
            try await first.stop()
            let second = try await world.start(["store.maxPending": "2"])
            try await second.waitForCompletion(of: 2)
            try await eventually("room") {
                try await Client.exchange(.sns(bodies[2]), with: second.listen).status == 200
            }
            try await second.stop()
        }
    }
}
