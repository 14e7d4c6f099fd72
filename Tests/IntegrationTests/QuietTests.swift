import JSON
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The flag --quiet", .timeLimit(.minutes(15)))
    struct Quiet {
        /// Runs a command with `--quiet`, which must print nothing but errors.
        private func run(
            _ arguments: [String], in world: IntegrationEnvironment
        ) async throws -> (status: Int32?, errors: [String]) {
            let program = try await RunningProgram.run(
                [Paths.program] + arguments + ["--quiet"] + world.flags, environment: world.environment)
            #expect(program.outputLines == [], "\(arguments)")
            return (program.exit?.status, program.errorLines)
        }

        @Test("with --quiet, commands print errors only")
        func quiet() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish([["hello": 1]], to: world.topics.detect)
                try await eventually("a dead letter", bridge.queue) { $0 == .init(dead: 1) }
                for arguments in [
                    ["pause"], ["resume"], ["queue", "verify"], ["dead-letters", "drop", "--all", "--yes"],
                ] {
                    let result = try await run(arguments, in: world)
                    #expect(result.status == 0 && result.errors == [], "\(arguments): \(result.errors)")
                }
                #expect(try await bridge.queue() == .init())
                let missing = try await run(["dead-letters", "drop", "sns:none"], in: world)
                #expect(missing.status == 1 && missing.errors.count == 1)
                #expect(missing.errors.first?.hasPrefix("defender-bridge: dead letters not found: 1. ") == true)
                try await bridge.stop()
                for arguments in [["backfill", "--since", "1h"], ["rebuild-ledger"]] {
                    let result = try await run(arguments, in: world)
                    #expect(result.status == 0 && result.errors == [], "\(arguments): \(result.errors)")
                }
            }
        }
    }
}
