import ArgumentParser
import Bridge
import EventLoop
import Glibc
import Store

/// The root command: parses the arguments, runs a subcommand and sets the exit code.
@main
struct DefenderBridge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "defender-bridge",
        abstract: "Import findings of AWS IoT Device Defender into AWS Security Hub, and keep them up to date.",
        discussion: """
            Receives Device Defender's messages from Amazon SNS and events from Amazon EventBridge, stores them durably, and \
            imports, updates and archives the findings in Security Hub.

            Examples:
              defender-bridge demo
              defender-bridge check
              defender-bridge serve
            """,
        version: VersionText.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Serving",
                subcommands: [
                    ServeCommand.self, StatusCommand.self, TraceCommand.self, CheckCommand.self, HealthCommand.self,
                ]),
            CommandGroup(name: "Configuration", subcommands: [ConfigCommand.self, KeysCommand.self]),
            CommandGroup(
                name: "Queue",
                subcommands: [QueueCommand.self, PauseCommand.self, ResumeCommand.self, DeadLettersCommand.self]),
            CommandGroup(
                name: "Store", subcommands: [BackupCommand.self, RestoreCommand.self, StoreCommand.self]),
            CommandGroup(
                name: "History", subcommands: [BackfillCommand.self, RebuildLedgerCommand.self]),
            CommandGroup(name: "Trial", subcommands: [DemoCommand.self, ConvertCommand.self, SourcesCommand.self]),
        ])

    /// Runs a command.
    ///
    /// A configuration error is one line for each problem on standard error and exit code 78 (EX_CONFIG), or 75
    /// (EX_TEMPFAIL) if another attempt may succeed without a change. Other failures are one line and exit code 1.
    /// ArgumentParser ends with 64 on wrong usage.
    static func main() async {
        // The default action of a signal must not end a bridge that is still starting: it shuts down in order, or reloads.
        DeferredSignals.hold()
        do {
            var command = try parseAsRoot()
            if !(command is ServeCommand) { DeferredSignals.release() }
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let error as ConfigurationError {
            fail(error.all.map(\.description), code: error.isTransient ? 75 : 78)
        } catch let error as CommandError {
            fail([error.message], code: error.exitCode)
        } catch {
            let suggestion = CommandSuggestion.error(Array(CommandLine.arguments.dropFirst()), for: Self.self)
            exit(withError: suggestion ?? error)
        }
    }

    private static func fail(_ messages: [String], code: Int32) -> Never {
        StandardStream.write(messages.map { "defender-bridge: \($0)\n" }.joined(), to: STDERR_FILENO)
        Glibc.exit(code)
    }
}

/// A failure of a command: one line for standard error, and an exit code.
struct CommandError: Error {
    let message: String
    var exitCode: Int32 = 1
}

extension CommandError {
    /// A failure of the store during an operation. The exit codes are those of a bridge that cannot open its store.
    init(_ operation: String, _ error: StoreError) {
        let exitCode: Int32 =
            switch error.code {
            case .unavailable, .inUse: 75
            case .corrupt, .invalidPath, .unsupported, .outdated: 78
            case .leaseLost, .invalidValue, .closed, .defect: 1
            }
        self.init(message: "\(operation) failed: \(error.message)", exitCode: exitCode)
    }
}
