import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Suggestions", .timeLimit(.minutes(15)))
    struct Suggestions {
        @Test(
            "a mistyped command, option, key and variable is reported with the nearest one",
            arguments: [
                (["sreve"], [:], 64, "Error: Unknown command 'sreve'. Did you mean 'defender-bridge serve'?"),
                (
                    ["dead-letters", "reply", "--all"], [:], 64,
                    "Error: Unknown command 'reply'. Did you mean 'defender-bridge dead-letters replay'?"
                ),
                (["check", "--jsn"], [:], 64, "Error: Unknown option '--jsn'. Did you mean '--json'?"),
                (
                    ["config", "show", "--set", "sns.topic=x"], [:], 78,
                    "defender-bridge: sns.topic: unknown key. Did you mean sns.topics?"
                ),
                (
                    ["config", "show"], ["BRIDGE_CONFG": "x"], 78,
                    "defender-bridge: BRIDGE_CONFG: unknown setting. Did you mean BRIDGE_CONFIG?"
                ),
            ] as [([String], [String: String], Int32, String)])
        func suggestions(arguments: [String], environment: [String: String], code: Int32, line: String) async throws {
            let program = try await RunningProgram.run([Paths.program] + arguments, environment: environment)
            #expect(program.exit == .init(status: code, wasKilled: false))
            #expect(program.errorLines.first == line, "\(program.errorLines)")
        }
    }
}
