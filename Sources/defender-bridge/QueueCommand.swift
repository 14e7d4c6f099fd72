import ArgumentParser
import Bridge
import JSON
import Store

/// Looks at the queue.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Show what waits in the queue, or check the store.",
        subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    /// Shows the depth of the queue.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show how many deliveries wait, for each account and Region, and how long the oldest does.",
            discussion: """
                pending may be worked on now; waiting failed and was put off; leased is being worked on; dead was given up \
                (see defender-bridge dead-letters). The age is that of the oldest delivery that is not dead. What is paused \
                is told, too. A bridge may be running.
                """)

        @OptionGroup var store: StoreOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let report = try await store.withStore(.readOnly) { try await QueueReport(of: $0, now: StoreOptions.now) }
            if json { StoreOptions.show(report.json) } else { StoreOptions.show(report.lines) }
        }
    }

    /// Checks the store.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Check that the store is sound: its file, its tables and every row.",
            discussion: """
                Prints each problem on a line, and ends with exit code 1 if there are any. Reads the whole store, which takes \
                a while when it is large. A bridge may be running.
                """)

        @OptionGroup var store: StoreOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let problems = try await store.withStore(.readOnly) { try await $0.verify() }
            if json {
                StoreOptions.show([
                    "sound": .bool(problems.isEmpty), "problems": .array(problems.map { .string($0) }),
                ])
            } else {
                StoreOptions.show(problems.isEmpty ? ["The store is sound."] : problems)
            }
            guard problems.isEmpty else {
                throw CommandError(
                    message:
                        "The store is not sound; the lines above say why. Keep its files, and restore them from a backup."
                )
            }
        }
    }
}
