import Foundation
import HTTPServer
import HTTPTypes
import JSON
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The status command", .timeLimit(.minutes(15)))
    struct StatusCommand {
        private func arguments(_ admin: String, _ others: [String]) -> [String] {
            [Paths.program, "status", "--set", "admin.address=\(admin)"] + others
        }

        private func status(_ bridge: BridgeProcess, _ others: String...) async throws -> RunningProgram {
            try await RunningProgram.run(arguments(bridge.admin, others))
        }

        @Test("status shows health, problems and queue; a warning is exit code 0, no response 1")
        func working() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let working = try await status(bridge)
                #expect(working.exit == .init(status: 0, wasKilled: false), "\(working.errorLines)")
                #expect(working.outputLines.first?.contains(": working, up ") == true, "\(working.outputLines)")
                #expect(working.outputLines.contains("Queue: pending 0, leased 0, completed 0"))
                let pause = try await RunningProgram.run([Paths.program, "pause", "--quiet"] + bridge.storeFlags)
                #expect(pause.exit?.status == 0 && pause.outputLines == [])
                let paused = try await eventually("the pause to be shown") {
                    try await status(bridge)
                } is: {
                    $0.outputLines.contains {
                        $0.hasPrefix("warning     Sending to Security Hub for all accounts is paused")
                    }
                }
                #expect(paused.exit == .init(status: 0, wasKilled: false))
                #expect(paused.outputLines.first?.contains(": attention, up ") == true, "\(paused.outputLines)")
                try await bridge.stop()
                let gone = try await status(bridge)
                #expect(gone.exit == .init(status: 1, wasKilled: false))
                #expect(gone.errorLines.count == 1 && gone.errorLines[0].contains("/status.json: no response: "))
            }
        }

        @Test("critical health is exit code 1, also with --json, which prints the document")
        func critical() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["sns.topics": "", "eventBridge.apiKey": ""])
                let text = try await status(bridge)
                #expect(text.exit == .init(status: 1, wasKilled: false))
                #expect(text.outputLines.contains { $0.hasPrefix("critical    All deliveries are rejected: ") })
                #expect(text.errorLines == [])
                let json = try await status(bridge, "--json")
                #expect(json.exit == .init(status: 1, wasKilled: false))
                let document = try JSON(parsing: json.outputLines.joined(separator: "\n"))
                #expect(document["health"]?["state"] == "failing" && document["lastHour"] != nil)
                try await bridge.stop()
            }
        }

        @Test("status sends admin.token, and reports another status in one line")
        func token() async throws {
            try await IntegrationEnvironment.run { world in
                let address = try await world.serve { request in
                    guard request.head.headerFields[.authorization] == "Bearer \(IntegrationEnvironment.adminToken)"
                    else {
                        return ServerResponse(status: .unauthorized)
                    }
                    return ServerResponse(status: .ok, json: ["health": ["state": "working", "problems": []]])
                }
                let token = ["admin.allowActions=true", "admin.token=\(IntegrationEnvironment.adminToken)"]
                let allowed = try await RunningProgram.run(arguments(address, token.flatMap { ["--set", $0] }))
                #expect(allowed.exit == .init(status: 0, wasKilled: false), "\(allowed.errorLines)")
                let rejected = try await RunningProgram.run(arguments(address, []))
                #expect(rejected.exit == .init(status: 1, wasKilled: false))
                #expect(rejected.errorLines.count == 1 && rejected.errorLines[0].contains("/status.json: status 401: "))
            }
        }

        @Test("status --watch appends if standard output is no terminal, survives a restart, and ends on Ctrl-C")
        func watch() async throws {
            try await IntegrationEnvironment.run { world in
                let admin = try Client.freeAddress()
                let bridge = try await world.start(["admin.address": admin])
                let program = try RunningProgram(arguments(admin, ["--watch"]))
                world.keep(program)
                func count(_ text: String) -> Int { program.outputLines.count { $0.contains(text) } }
                try await eventually("two reports") {
                    count(": working, up ")
                } is: {
                    $0 >= 2
                }
                try await bridge.stop()
                try await eventually("no response") {
                    count("no response: ")
                } is: {
                    $0 >= 1
                }
                let seen = count(": working, up ")
                let next = try await world.start(["admin.address": admin])
                try await eventually("another report") {
                    count(": working, up ")
                } is: {
                    $0 > seen
                }
                #expect(!program.outputLines.joined().contains("\u{1B}"))
                program.signal(SIGINT)
                #expect(try await program.waitForExit().exit == .init(status: SIGINT, wasKilled: true))
                try await next.stop()
            }
        }

        @Test("status --watch updates in place on a terminal until Ctrl-C")
        func terminal() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let terminal = """
                    import os, pty, sys
                    child, terminal = pty.fork()
                    if child == 0:
                        os.execv(sys.argv[1], sys.argv[1:])
                    seen = b""
                    while seen.count(b"\\x1b[H") < 2:
                        seen += os.read(terminal, 1000)
                    os.write(terminal, b"\\x03")
                    try:
                        while more := os.read(terminal, 1000):
                            seen += more
                    except OSError:
                        pass
                    print(seen.startswith(b"\\x1b[HDefender Bridge "), b"\\x1b[J\\x1b[H" in seen)
                    print(os.WTERMSIG(os.waitpid(child, 0)[1]))
                    """
                let lines = try await RunningProgram.python(
                    ["-c", terminal] + arguments(bridge.admin, ["--watch"]), environment: ["TERM": "xterm"])
                #expect(lines == ["True True", "2"])
                try await bridge.stop()
            }
        }
    }
}
