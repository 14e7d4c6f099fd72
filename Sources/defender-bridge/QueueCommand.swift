import Admin
import ArgumentParser
import Bridge
import Encoding
import JSON
import Store

/// Shows the queue, and verifies the store.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Show the queue, or verify the store.",
        discussion: """
            Without a subcommand, shows the queue.

            Examples:
              defender-bridge queue
              defender-bridge queue verify
            """,
        subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    /// Shows the queue depth.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the queue depth and the age of the oldest delivery per account and Region.",
            discussion: """
                pending: ready to be processed. waiting: failed, waiting for a retry. leased: being processed. dead: failed \
                permanently (see defender-bridge dead-letters). oldest: age of the oldest delivery that is not dead. Pauses \
                are shown, too. Can be used while a bridge is running.

                Example:
                  defender-bridge queue --json
                """)

        @OptionGroup var store: StoreOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let report = try await store.withStore(.readOnly) { try await QueueReport(of: $0, now: WallClock.now()) }
            if json { StoreOptions.show(report.json) } else { StoreOptions.show(report.lines) }
        }
    }

    /// Verifies the store.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Verify the integrity of the store: its file, its tables and every row.",
            discussion: """
                Prints one line per problem. Exit code 0: no problems found. Exit code 1: problems found. Reads the whole \
                store, which takes minutes for a large one, and shows its progress. Can be used while a bridge is running.

                Example:
                  defender-bridge queue verify
                """)

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: ReportOptions

        /// The size from which on a table takes long enough to show progress.
        private static let shownRows: Int64 = 100_000

        func run() async throws {
            let bar = output.isText ? ProgressBar() : nil
            let problems = try await store.withStore(.readOnly) { store in
                try await store.verify { progress in
                    guard progress.lastRow >= Self.shownRows else { return }
                    bar?.show(
                        "Verifying rows of the table \(progress.table): \(progress.row) of \(progress.lastRow)",
                        share: Double(progress.row) / Double(progress.lastRow))
                }
            }
            bar?.end()
            if output.json {
                StoreOptions.show([
                    "sound": .bool(problems.isEmpty), "problems": .array(problems.map { .string($0) }),
                ])
            } else if !problems.isEmpty {
                StoreOptions.show(problems)
            } else if output.isText {
                StoreOptions.show(["Store verified: no problems found."])
            }
            guard problems.isEmpty else {
                throw CommandError(
                    message:
                        "store verification failed: problems found: \(problems.count). Keep the store's files, and restore a backup."
                )
            }
        }
    }
}
