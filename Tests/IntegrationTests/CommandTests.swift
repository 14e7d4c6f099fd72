import Foundation
import JSON
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Commands", .timeLimit(.minutes(15)))
    struct Commands {
        private func run(
            _ arguments: [String], environment: [String: String] = [:], input: String? = nil
        ) async throws -> RunningProgram {
            try await RunningProgram.run([Paths.program] + arguments, environment: environment, input: input)
        }

        /// Expects an exit code and exactly one line on standard error, which begins with a text.
        private func expectFailure(
            _ program: RunningProgram, code: Int32, naming text: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(program.exit == .init(status: code, wasKilled: false), sourceLocation: sourceLocation)
            #expect(program.outputLines == [], sourceLocation: sourceLocation)
            #expect(program.errorLines.count == 1, "\(program.errorLines)", sourceLocation: sourceLocation)
            let line = program.errorLines.first ?? ""
            #expect(line.hasPrefix("defender-bridge: \(text)"), "\(line)", sourceLocation: sourceLocation)
        }

        @Test("--version prints the version of the API description, the build, and the versions of the libraries")
        func version() async throws {
            let program = try await run(["--version"])
            #expect(program.exit == .init(status: 0, wasKilled: false))
            #expect(program.errorLines == [])
            let lines = program.outputLines
            let version = try #require(lines.first).dropFirst("defender-bridge ".count)
            #expect(version.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
            let description = try String(contentsOfFile: Paths.inPackage("openapi.yaml"), encoding: .utf8)
            #expect(description.contains("\n  version: \(version)\n"))
            #expect(lines.dropFirst().first == "unknown build" || lines.dropFirst().first?.hasPrefix("commit ") == true)
            let openSSL = try await RunningProgram.run(["openssl", "version"]).outputLines.first ?? ""
            #expect(lines.contains { $0.hasPrefix("OpenSSL ") && openSSL.hasPrefix("\($0) ") }, "\(openSSL)")
            for library in ["OpenSSL", "libcurl", "libuv", "SQLite"] {
                #expect(lines.contains { $0.wholeMatch(of: /\w+ \d+\.\d+\.\d+/) != nil && $0.hasPrefix("\(library) ") })
            }
        }

        @Test("--help lists each command in its group, each command's help fits a screen, keys lists each key")
        func help() async throws {
            let program = try await run(["--help"])
            #expect(program.exit == .init(status: 0, wasKilled: false))
            let groups = [
                "SERVING": ["serve", "status", "trace", "check", "health"], "CONFIGURATION": ["config", "keys"],
                "QUEUE": ["queue", "pause", "resume", "dead-letters"],
                "STORE": ["backup", "restore", "store"], "HISTORY": ["backfill", "rebuild-ledger"],
                "TRIAL": ["demo", "convert", "sources"],
            ]
            for (group, commands) in groups {
                let lines = program.outputLines.drop { !$0.hasPrefix(group) }.prefix { !$0.isEmpty }
                for command in commands {
                    #expect(lines.contains { $0.hasPrefix("  \(command) ") }, "\(group) \(command)")
                    let help = try await run([command, "--help"])
                    #expect(help.exit == .init(status: 0, wasKilled: false))
                    #expect(help.outputLines.contains { $0.hasPrefix("USAGE: defender-bridge \(command)") })
                    #expect(help.outputLines.count < 50, "\(command): \(help.outputLines.count)")
                }
            }
            let help = try await run(["keys"]).outputLines
            let document = try String(
                contentsOfFile: Paths.inPackage("deploy/docs/configuration.md"), encoding: .utf8)
            let table = document.split(separator: "\n").filter { $0.hasPrefix("| `") && $0.contains("BRIDGE_") }
            let keys = table.flatMap { $0.split(separator: "|")[0].split(separator: "`").filter { $0.contains(".") } }
            #expect(keys.count > 10)
            let missing = keys.filter { key in
                !help.contains { line in
                    ["\(key) ", "\(key)=", "sources.NAME.\(key): "].contains { line.hasPrefix("  " + $0) }
                }
            }
            #expect(missing == [])
            let list = try JSON(parsing: try await run(["keys", "--json"]).outputLines.joined(separator: "\n"))
            #expect(try #require(list.array).compactMap { $0["key"]?.string }.contains("listen.address"))
        }

        @Test("the help of each command and subcommand contains an example that starts with defender-bridge")
        func examples() async throws {
            var commands: [[String]] = [[]]
            var count = 0
            while let command = commands.popLast() {
                count += 1
                let help = try await run(command + ["--help"])
                #expect(help.exit == .init(status: 0, wasKilled: false), "\(command)")
                let examples = help.outputLines.drop { $0 != "Example:" && $0 != "Examples:" }.dropFirst()
                #expect(examples.first?.hasPrefix("  defender-bridge ") == true, "\(command): \(help.outputLines)")
                commands += help.outputLines.compactMap { line in
                    line.firstMatch(of: /^[ ]{2}([a-z][a-z-]*)(?: \(default\))?[ ]{2}/).map { command + [String($0.1)] }
                }
            }
            #expect(count == 34)
        }

        @Test("each exit code of operations.md occurs as documented")
        func exitCodes() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await bridge.stop()
                let store = bridge.storeFlags
                let message = try world.folder.write("{}", as: "message.json")
                let cases: [(code: Int32, arguments: [String])] = [
                    (0, ["keys"]), (0, ["pause"] + store), (0, ["resume"] + store), (0, ["queue", "verify"] + store),
                    (0, ["queue", "--json"] + store), (1, ["dead-letters", "show", "sns:none"] + store),
                    (1, ["check"] + store), (64, ["serve", "--port", "1"]), (65, ["convert", message]),
                    (75, ["queue", "--set", "store.url=postgresql://bridge@127.0.0.1:1/none"]),
                    (78, ["queue", "--set", "store.url=file"]), (78, ["convert", message, "--set", "log.level=loud"]),
                    (78, ["check", "--config", "/nowhere"]),
                ]
                for one in cases {
                    let program = try await run(one.arguments)
                    #expect(program.exit == .init(status: one.code, wasKilled: false), "\(one): \(program.errorLines)")
                    let hasReported = !program.errorLines.isEmpty || one.arguments[0] == "check"
                    #expect(hasReported == (one.code != 0), "\(one): \(program.errorLines)")
                }
                let document = try String(
                    contentsOfFile: Paths.inPackage("deploy/docs/operations.md"), encoding: .utf8)
                let table = document.components(separatedBy: "| exit code | meaning |\n|---|---|\n")
                let rows = try #require(table.last).split(separator: "\n", omittingEmptySubsequences: false)
                let codes = rows.prefix { !$0.isEmpty }.compactMap { row in
                    row.split(separator: "|").first.flatMap { Int32($0.filter(\.isNumber)) }
                }
                #expect(table.count == 2 && codes == Set(cases.map(\.code)).sorted())
            }
        }

        @Test(
            "output is colored on a terminal only, unless NO_COLOR or TERM=dumb is set",
            arguments: [([:], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false), (["NO_COLOR": ""], true)])
        func colors(environment: [String: String], isColored: Bool) async throws {
            let terminal = """
                import os, pty, sys
                child, terminal = pty.fork()
                if child == 0:
                    os.execv(sys.argv[1], sys.argv[1:])
                seen = b""
                try:
                    while chunk := os.read(terminal, 4096):
                        seen += chunk
                except OSError:
                    pass
                os.waitpid(child, 0)
                print(b"\\x1b[31mfailed\\x1b[0m " in seen, b"\\x1b[32mpassed\\x1b[0m " in seen, b"\\x1b" in seen)
                """
            let folder = try TemporaryFolder()
            let check = [Paths.program, "check", "--set", "store.url=sqlite://\(folder.path)/store.db"]
            let lines = try await RunningProgram.python(["-c", terminal] + check, environment: environment)
            #expect(lines == [isColored ? "True True True" : "False False False"])
            let piped = try await RunningProgram.run(check)
            #expect(piped.outputLines.contains { $0.hasPrefix("passed ") } && piped.exit?.status == 1)
            #expect(!piped.outputLines.joined().contains("\u{1B}"))
        }

        @Test(
            "wrong usage ends with exit code 64",
            arguments: [["serve", "--port", "1"], ["fly"], ["convert"], ["demo", "--findings", "x"]])
        func usage(arguments: [String]) async throws {
            let program = try await run(arguments)
            #expect(program.exit == .init(status: 64, wasKilled: false))
            #expect(program.outputLines == [])
            #expect(program.errorLines.contains { $0.hasPrefix("Usage: defender-bridge") }, "\(program.errorLines)")
        }

        // MARK: serve

        @Test(
            "a bad setting ends serve with exit code 78 and one line that names the key",
            arguments: [
                ("listen.address", "localhost"), ("listen.address", "127.0.0.1"), ("listen.address", "1.2.3.4.5:80"),
                ("listen.address", "127.0.0.1:65536"),
                ("listen.tls.certificate", "/nowhere/chain.pem"), ("listen.loops", "none"),
                ("listen.maxConnections", "999999"), ("listen.trustedProxies", "proxy.example.com"),
                ("listen.proxyProtocol", "true"), ("store.maxPending", "-1"), ("admin.address", "x:y"),
                ("store.url", "file.db"), ("store.url", "sqlite://"),
                ("store.url", "sqlite:///nowhere/store.db"), ("sns.topics", "device-defender"),
                ("sns.topics", "arn:aws:sqs:us-east-1:111122223333:queue"), ("sns.maxMessageAge", "10s"),
                ("sns.maxMessageAge", "soon"), ("eventBridge.apiKeyHeader", "x api key"),
                ("securityHub.requestsPerSecond", "0"), ("securityHub.requestsPerSecond", "nan"),
                ("securityHub.burst", "1.5"), ("mapping.checkSummaries", "perhaps"), ("mapping.severities", "Fleet/*"),
                ("network.connectTo", "a:b"),
                ("network.connectTo", "host:443:10.0.0.1:x"), ("log.level", "loud"), ("log.format", "xml"),
                ("aws.roles", "111122223333=arn:aws:iam::111122223333:user/bridge"), ("no.such.key", "1"),
            ])
        func badSetting(key: String, value: String) async throws {
            let folder = try TemporaryFolder()
            // The line must name the missing key.
            let named = key == "listen.tls.certificate" ? "listen.tls.privateKey" : key
            let settings = [
                "store.url": "sqlite://\(folder.path)/store.db", "listen.address": "127.0.0.1:0",
                "admin.address": "127.0.0.1:0",
            ].merging([key: value]) { _, last in last }
            let flags = settings.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            let program = try await run(["serve"] + flags)
            expectFailure(program, code: 78, naming: "\(named): ")
            #expect(!(program.errorLines.first ?? "").contains("secret"))
        }

        @Test("bad variables and files end serve with exit code 78 and one line that names them")
        func badPlaces() async throws {
            let folder = try TemporaryFolder()
            let base = ["serve", "--set", "store.url=sqlite://\(folder.path)/store.db"]
            expectFailure(
                try await run(base, environment: ["BRIDGE_LOG_LEVEL": "loud"]), code: 78, naming: "log.level: ")
            expectFailure(
                try await run(base, environment: ["BRIDGE_LISTEN_PORT": "1"]), code: 78, naming: "BRIDGE_LISTEN_PORT: ")
            expectFailure(
                try await run(base, environment: ["AWS_ENDPOINT_URL_IOT": "iot"]), code: 78,
                naming: "AWS_ENDPOINT_URL_IOT: ")
            expectFailure(
                try await run(base, environment: ["BRIDGE_EVENT_BRIDGE_API_KEY_FILE": "/nowhere"]), code: 78,
                naming: "eventBridge.apiKeyFile: ")
            expectFailure(try await run(base + ["--config", "/nowhere"]), code: 78, naming: "--config: ")
            expectFailure(try await run(base + ["--set", "log.level"]), code: 78, naming: "--set: ")
            for (text, key) in [
                ("listen:\n  port: 1\n", ":2: listen.port"), ("log:\n  level: [a: b]\n", ":2: log.level"),
                ("log: {level: loud}\n", ":1: log.level"), ("a: [\n", ": invalid YAML"),
                ("- a\n", ": not a mapping."),
            ] {
                let file = try folder.write(text, as: "bridge.yaml")
                expectFailure(try await run(base + ["--config", file]), code: 78, naming: "\(file)\(key)")
            }
        }

        @Test("an address or store in use ends serve with exit code 75 and one line that names the key")
        func inUse() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let other = "sqlite://\(world.folder.path)/other.db"
                for (settings, key) in [
                    (
                        ["listen.address": bridge.listen, "admin.address": "127.0.0.1:0", "store.url": other],
                        "listen.address"
                    ),
                    // An address that this machine does not have (yet).
                    (
                        ["listen.address": "192.0.2.1:8080", "admin.address": "127.0.0.1:0", "store.url": other],
                        "listen.address"
                    ),
                    (
                        ["listen.address": "127.0.0.1:0", "admin.address": bridge.admin, "store.url": other],
                        "admin.address"
                    ),
                    (
                        [
                            "listen.address": "127.0.0.1:0", "admin.address": "127.0.0.1:0",
                            "store.url": "sqlite://\(world.storePath)",
                        ], "store.url"
                    ),
                ] {
                    let flags = settings.flatMap { ["--set", "\($0.key)=\($0.value)"] }
                    expectFailure(try await run(["serve"] + flags), code: 75, naming: "\(key): ")
                }
                let noStore = try world.folder.write("This is no database, but a text.", as: "text.db")
                expectFailure(
                    try await run([
                        "serve", "--set", "store.url=sqlite://\(noStore)", "--set", "listen.address=127.0.0.1:0",
                        "--set", "admin.address=127.0.0.1:0",
                    ]), code: 78, naming: "store.url: ")
                #expect(try String(contentsOfFile: noStore, encoding: .utf8) == "This is no database, but a text.")
                try await bridge.stop()
            }
        }

        // MARK: demo

        @Test("demo --once exits after the last step and leaves no folder")
        func demoOnce() async throws {
            let folder = try TemporaryFolder()
            let program = try await run(
                ["demo", "--once", "--findings", "100"], environment: ["TMPDIR": folder.path])
            #expect(program.exit == .init(status: 0, wasKilled: false), "\(program.errorLines)")
            #expect(
                program.outputLines.contains {
                    $0.hasSuffix("Demo passed: every finding was imported exactly once and is in the expected state.")
                })
            #expect(program.errorLines == [])
            #expect(try folder.entries == [])
        }

        @Test(
            "an interrupted demo exits immediately and leaves no folder",
            arguments: [
                "The bridge keeps running. Press Ctrl-C to stop it.", "Bridge listening at",
                "the bridge confirmed the subscription",
                "Security Hub has",
            ])
        func demoInterrupted(line: String) async throws {
            let folder = try TemporaryFolder()
            let program = try RunningProgram(
                [Paths.program, "demo", "--findings", "100"], environment: ["TMPDIR": folder.path])
            do {
                try await eventually(line, { program.outputLines }, is: { $0.contains { $0.contains(line) } })
                program.signal(SIGINT)
                let (exit, time) = try await program.waitForExit()
                #expect(
                    exit == .init(status: 0, wasKilled: false), "\(program.outputLines.suffix(3) + program.errorLines)")
                #expect(time < .seconds(10))
            } catch {
                program.signal(SIGKILL)
                throw error
            }
            #expect(try folder.entries == [])
        }
    }
}

extension TemporaryFolder {
    /// The sorted names of the files and folders in it.
    fileprivate var entries: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}
