import ArgumentParser
import Bridge
import EventLoop
import Foundation

/// The command line.
@main
struct DefenderBridge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "defender-bridge",
        abstract: "Keeps AWS Security Hub in step with AWS IoT Device Defender.",
        discussion: """
            Receives what Device Defender publishes to Amazon SNS, and what EventBridge tells of it, keeps it safe, and \
            imports, updates and archives the findings in Security Hub.
            """,
        version: Bridge.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Serving",
                subcommands: [ServeCommand.self, CheckCommand.self, HealthCommand.self, KeysCommand.self]),
            CommandGroup(
                name: "Queue",
                subcommands: [QueueCommand.self, PauseCommand.self, ResumeCommand.self, DeadLettersCommand.self]),
            CommandGroup(
                name: "History", subcommands: [BackfillCommand.self, RebuildLedgerCommand.self]),
            CommandGroup(name: "Trial", subcommands: [DemoCommand.self, ConvertCommand.self]),
        ])

    /// Runs a command. What is wrong with the configuration is one line on standard error and exit code 78 (EX_CONFIG), or 75
    /// (EX_TEMPFAIL) if it passes by itself; other failures are one line and exit code 1, and wrong usage is ArgumentParser's
    /// 64.
    static func main() async {
        // A signal must not end a bridge that is only starting by itself: it stops in order, or reloads.
        DeferredSignals.hold()
        do {
            var command = try parseAsRoot()
            if !(command is ServeCommand) { DeferredSignals.release() }
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let error as ConfigurationError {
            fail("defender-bridge: \(error)", code: error.isTransient ? 75 : 78)
        } catch let error as CommandError {
            fail("defender-bridge: \(error.message)", code: error.exitCode)
        } catch {
            exit(withError: error)
        }
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data((message + "\n").utf8))
        Foundation.exit(code)
    }
}

/// A failure with its own words and exit code.
struct CommandError: Error {
    let message: String
    var exitCode: Int32 = 1
}
