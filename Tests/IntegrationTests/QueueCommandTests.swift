import AWSCore
import Bridge
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Commands on the store", .timeLimit(.minutes(15)))
    struct QueueCommands {
        /// Runs a command on the store of the test.
        private func run(_ arguments: [String], in world: IntegrationEnvironment) async throws -> RunningProgram {
            try await RunningProgram.run(
                [Paths.program] + arguments + ["--set", "store.url=sqlite://\(world.storePath)"],
                environment: world.environment)
        }

        /// Runs a command that must succeed; returns its output.
        private func printed(_ arguments: [String], in world: IntegrationEnvironment) async throws -> [String] {
            let program = try await run(arguments, in: world)
            try #require(
                program.exit == .init(status: 0, wasKilled: false), "\(arguments): \(program.errorLines)")
            #expect(program.errorLines == [])
            return program.outputLines
        }

        private func json(_ arguments: [String], in world: IntegrationEnvironment) async throws -> JSON {
            try JSON(parsing: try await printed(arguments + ["--json"], in: world).joined(separator: "\n"))
        }

        private func expectFailure(_ program: RunningProgram, code: Int32 = 1, naming text: String) {
            #expect(program.exit == .init(status: code, wasKilled: false))
            #expect(program.errorLines.count == 1, "\(program.errorLines)")
            let line = program.errorLines.first ?? ""
            #expect(line.hasPrefix("defender-bridge: \(text)"), "\(line)")
        }

        private func names(_ list: JSON) -> [String] {
            list["deadLetters"]?.array?.compactMap { $0["id"]?.string } ?? []
        }

        // MARK: queue

        @Test("queue counts deliveries by account-Region and state, with and without a running bridge")
        func queue() async throws {
            try await IntegrationEnvironment.run { world in
                let silence = try await world.serveSilence()
                let bridge = try await world.start(environment: ["AWS_ENDPOINT_URL_SECURITYHUB": silence.url])
                #expect(try await printed(["queue"], in: world) == ["The queue is empty."])
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<3, from: world.scenario()), to: world.topics.detect)
                try await eventually("Security Hub to be asked", { silence.requests.value }, is: { $0 > 0 })
                let held = try await json(["queue"], in: world)
                #expect(held["pending"]?.integer.map { $0 + (held["leased"]?.integer ?? 0) } == 3, "\(held)")
                try await bridge.stop()

                let report = try await json(["queue", "show"], in: world)
                #expect(report["pending"] == 3 && report["leased"] == 0 && report["dead"] == 0, "\(report)")
                #expect(report["pauses"] == [])
                let accountRegion = try #require(report["accountRegions"]?.array?.first)
                #expect(accountRegion["account"]?.string == world.accountRegion.account.digits)
                #expect(accountRegion["region"]?.string == world.accountRegion.region.name)
                #expect(accountRegion["states"]?["pending"]?["count"] == 3)
                #expect(accountRegion["states"]?.object?.count == 1)
                #expect(accountRegion["oldestAgeSeconds"]?.integer.map { (0..<120).contains($0) } == true)
                let lines = try await printed(["queue"], in: world)
                #expect(lines.count == 2)
                #expect(
                    lines[0].wholeMatch(of: /account\/Region +pending +waiting +leased +dead +oldest/) != nil,
                    "\(lines)")
                let row = lines[1].split(separator: " ")
                #expect(row.prefix(5) == ["\(world.accountRegion)", "3", "0", "0", "0"], "\(lines)")
            }
        }

        @Test("queue verify reports no problems of an intact store, and each problem of a damaged one")
        func verify() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<3, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 3)
                #expect(try await printed(["queue", "verify"], in: world) == ["Store verified: no problems found."])
                try await bridge.stop()
                #expect(try await printed(["queue", "verify"], in: world) == ["Store verified: no problems found."])
                try await world.change("UPDATE finding SET kind = 'rumor'; DROP INDEX delivery_dead")
                let program = try await run(["queue", "verify"], in: world)
                expectFailure(
                    program,
                    naming:
                        "store verification failed: problems found: 5. Keep the store's files, and restore a backup.")
                #expect(program.outputLines.count == 5, "\(program.outputLines)")
                #expect(program.outputLines.first == "The file lacks the index delivery_dead.")
                #expect(
                    program.outputLines.dropFirst().dropLast().allSatisfy {
                        $0.hasPrefix("Finding \"arn:")
                            && $0.hasSuffix("is unreadable or contains an invalid value.")
                    }, "\(program.outputLines)")
                #expect(program.outputLines.last == "The finding counters of \"\(world.accountRegion)\" are wrong.")
            }
        }

        @Test("a command on a missing store fails with exit code 78 and does not create it")
        func missing() async throws {
            try await IntegrationEnvironment.run { world in
                for arguments in [
                    ["queue"], ["queue", "verify"], ["pause"], ["resume"], ["dead-letters", "list"],
                    ["dead-letters", "show", "sns:1"], ["dead-letters", "drop", "sns:1"],
                ] {
                    expectFailure(try await run(arguments, in: world), code: 78, naming: "store.url: ")
                }
                #expect(!FileManager.default.fileExists(atPath: world.storePath))
            }
        }

        @Test(
            "wrong usage ends with exit code 64",
            arguments: [
                ["queue", "verify", "--json", "--quiet"],
                ["pause", "--account", "12"], ["resume", "--account", ""], ["queue", "fly"],
                ["dead-letters", "replay"],
                ["dead-letters", "drop", "sns:1", "--all"], ["dead-letters", "drop", "sns:1", "--reason", "x"],
                ["dead-letters", "list", "--limit", "0"], ["dead-letters", "list", "--older-than", "soon"],
                ["dead-letters", "list", "--channel", "mail"], ["dead-letters", "list", "--region", "moon"],
                ["dead-letters", "show"],
            ])
        func usage(arguments: [String]) async throws {
            let program = try await RunningProgram.run([Paths.program] + arguments)
            #expect(program.exit == .init(status: 64, wasKilled: false))
            #expect(program.outputLines == [])
            #expect(program.errorLines.contains { $0.hasPrefix("Usage: defender-bridge") }, "\(program.errorLines)")
        }

        // MARK: pause

        @Test("a paused bridge releases its leases and queues messages, and continues after resume")
        func pause() async throws {
            try await IntegrationEnvironment.run { world in
                let silence = try await world.serveSilence()
                let first = try await world.start()
                try await first.stop()
                // Otherwise processing would begin with a rebuild of the ledger, which sends no findings.
                try await world.change("INSERT INTO ledger_origin VALUES ('\(world.accountRegion)', 1)")
                let address = try Client.freeAddress()
                let bridge = try await world.start(
                    ["listen.address": address], environment: ["AWS_ENDPOINT_URL_SECURITYHUB": silence.url])
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<2, from: world.scenario()), to: world.topics.detect)
                try await eventually("two leased deliveries", bridge.queue) { $0.leased == 2 }

                let lines = try await printed(["pause", "--reason", "a change\u{1B}"], in: world)
                #expect(lines.count == 1)
                #expect(
                    lines.first?.hasPrefix("Sending to Security Hub is paused for all accounts since 20") == true,
                    "\(lines)")
                #expect(lines.first?.hasSuffix(": a change\\u{1B}") == true, "\(lines)")
                try await eventually("two pending deliveries", bridge.queue) { $0 == .init(pending: 2) }
                try await world.publish(try Alarms.make(2..<4, from: world.scenario()), to: world.topics.detect)
                #expect(try await bridge.queue() == .init(pending: 4))
                let status = try await Client.exchange(.get("/status.json"), with: bridge.admin).json
                #expect(status["pauses"]?.array?.count == 1)
                #expect(try await json(["queue"], in: world)["pauses"] == status["pauses"])
                try await bridge.stop()

                // The pause persists across a restart.
                let second = try await world.start(["listen.address": address])
                #expect(try await second.queue() == .init(pending: 4))
                #expect(try await printed(["resume"], in: world) == ["Sending resumed for all accounts."])
                try await second.waitForCompletion(of: 4)
                try await world.waitForFindings((0..<4).map { Alarms.findingID($0, in: world.accountRegion) })
                #expect(try await printed(["resume"], in: world) == ["Sending was not paused for all accounts."])
                try await second.stop()
                #expect(second.log(.processingPaused).count == 1)
                #expect(second.log(.processingResumed).count == 1)
            }
        }

        @Test("a pause of one account does not affect other accounts")
        func pauseOfOne() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                let (own, other) = (world.accountRegion.account.digits, "999999999999")
                _ = try await printed(["pause", "--account", other], in: world)
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 1)
                _ = try await printed(["pause", "--account", own], in: world)
                try await eventually("the bridge to log the pause") {
                    bridge.log(.processingPaused).contains {
                        $0["account"]?.string == own
                    }
                }
                try await world.publish(try Alarms.make(1..<2, from: world.scenario()), to: world.topics.detect)
                let ended = try await printed(["resume", "--account", other], in: world)
                #expect(ended.first == "Sending resumed for account \(other).")
                #expect(
                    ended.count == 2 && ended[1].hasPrefix("Sending to Security Hub is paused for account \(own) since")
                )
                #expect(try await bridge.queue() == .init(pending: 1, completed: 1))
                _ = try await printed(["resume", "--account", own], in: world)
                try await bridge.waitForCompletion(of: 2)
                try await bridge.stop()
            }
        }

        // MARK: dead-letters

        @Test("dead letters are listed, shown and replayed while the bridge runs, and result in one finding each")
        func replay() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                #expect(try await printed(["dead-letters", "list"], in: world) == ["No matching dead letters."])
                try await world.deadLetter(3, by: bridge)

                let list = try await json(["dead-letters", "list"], in: world)
                #expect(list["more"] == false)
                let letters = try #require(list["deadLetters"]?.array)
                #expect(letters.count == 3)
                let letter = try #require(letters.first)
                let id = try #require(letter["id"]?.string)
                #expect(letter["account"]?.string == world.accountRegion.account.digits && letter["channel"] == "sns")
                #expect(letter["attempts"] == 1)
                #expect(letter["reason"]?.string?.contains("InvalidInputException") == true, "\(letter)")
                #expect(letter["firstFailedAt"] == letter["lastFailedAt"])
                let some = try await json(["dead-letters", "list", "--limit", "2"], in: world)
                #expect(some["deadLetters"]?.array?.count == 2 && some["more"] == true)
                let lines = try await printed(["dead-letters", "list"], in: world)
                #expect(lines.count == 4 && lines[1].hasPrefix(id), "\(lines)")

                let shown = try await json(["dead-letters", "show", id], in: world)
                let payload = try JSON(parsing: try #require(shown["payload"]?.string))
                #expect(payload["violationId"]?.string != nil)
                #expect(shown["reason"] == letter["reason"])
                let page = try await printed(["dead-letters", "show", id], in: world)
                #expect(page.contains { $0.contains("\"violationId\"") } && page.contains { $0.hasPrefix("reason") })
                expectFailure(
                    try await run(["dead-letters", "show", "sns:none"], in: world),
                    naming: "dead letter not found. Run defender-bridge dead-letters list for the ids.")

                let one = try await printed(["dead-letters", "replay", id], in: world)
                #expect(one == ["1 dead letter was replayed."])
                try await bridge.waitForCompletion(of: 1, dead: 2)
                expectFailure(
                    try await run(["dead-letters", "replay", id], in: world),
                    naming: "dead letters not found: 1. Run defender-bridge dead-letters list for the ids.")
                expectFailure(
                    try await run(["dead-letters", "replay", "--all"], in: world),
                    naming: "cannot ask for confirmation: standard input is not a terminal. Add --yes.")
                #expect(try await json(["dead-letters", "replay", "--all", "--yes"], in: world) == ["replayed": 2])
                try await bridge.waitForCompletion(of: 3)
                try await world.waitForFindings((0..<3).map { Alarms.findingID($0, in: world.accountRegion) })
                try await bridge.stop()
            }
        }

        @Test("conditions select dead letters for list and drop")
        func filters() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.deadLetter(2, by: bridge)
                try await world.publish([["hello": 1]], to: world.topics.detect)
                try await eventually("three dead letters", bridge.queue) { $0 == .init(dead: 3) }
                let own = world.accountRegion
                for (filter, count) in [
                    (["--account", own.account.digits, "--region", own.region.name, "--channel", "sns"], 3),
                    (["--account", "999999999999"], 0), (["--region", "eu-north-1"], 0),
                    (["--channel", "eventBridge"], 0), (["--reason", "INVALIDinput"], 2), (["--newer-than", "1h"], 3),
                    (["--older-than", "1h"], 0),
                ] {
                    #expect(
                        names(try await json(["dead-letters", "list"] + filter, in: world)).count == count, "\(filter)")
                }
                let some = ["dead-letters", "drop", "--all", "--yes", "--reason", "InvalidInput"]
                #expect(try await printed(some, in: world) == ["2 dead letters were dropped."])
                #expect(try await bridge.queue() == .init(dead: 1))
                try await bridge.stop()
            }
        }

        @Test(
            "--all asks for confirmation on a terminal, and changes nothing without a yes",
            arguments: [("n", 1), ("", 1), ("y", 0)])
        func confirmation(answer: String, status: Int) async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish([["hello": 1]], to: world.topics.detect)
                try await eventually("a dead letter", bridge.queue) { $0 == .init(dead: 1) }
                let terminal = """
                    import os, pty, sys
                    child, terminal = pty.fork()
                    if child == 0:
                        os.execv(sys.argv[2], sys.argv[2:])
                    seen = b""
                    while not seen.endswith(b"[y/N] "):
                        seen += os.read(terminal, 1)
                    os.write(terminal, sys.argv[1].encode() + b"\\n")
                    try:
                        while more := os.read(terminal, 1000):
                            seen += more
                    except OSError:
                        pass
                    sys.stdout.write(seen.decode().replace("\\r", ""))
                    print("status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                    """
                let lines = try await RunningProgram.python(
                    [
                        "-c", terminal, answer, Paths.program, "dead-letters", "drop", "--all", "--set",
                        "store.url=sqlite://\(world.storePath)",
                    ], environment: world.environment)
                #expect(lines.first?.hasPrefix("Drop 1 dead letter? [y/N] ") == true, "\(lines)")
                #expect(lines.last == "status \(status)", "\(lines)")
                #expect(try await bridge.queue() == (status == 0 ? .init() : .init(dead: 1)))
                try await bridge.stop()
            }
        }
    }
}
