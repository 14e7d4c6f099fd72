import ArgumentParser
import Bridge
import FoundationEssentials
import Store

/// Works on whole stores.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Copy a store to another database.",
        discussion: """
            Example:
              defender-bridge store copy sqlite:///var/lib/defender-bridge/store.db postgresql://bridge@db/bridge
            """,
        subcommands: [Copy.self])

    /// Copies a store from one engine to the other.
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy",
            abstract: "Copy a store from SQLite to PostgreSQL, or back. Stop all bridges first.",
            discussion: """
                Copies all tables and compares them row by row. Both stores are locked meanwhile. The target must be empty. \
                A copy that was interrupted continues when the command runs again with the same stores; until it is \
                complete, no bridge starts on the target. Then set store.url to the target, and start the bridge.

                Each store is a URL in the form of store.url, or the word store.url for the configured one. Passwords come \
                from PGPASSWORD, ~/.pgpass, a service file, or the place of store.url.

                Example:
                  defender-bridge store copy store.url postgresql://bridge@db.example.com/bridge
                """)

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        @Argument(help: ArgumentHelp("Store to copy.", valueName: "from"))
        var source: String

        @Argument(help: ArgumentHelp("Store to fill.", valueName: "to"))
        var target: String

        func run() async throws {
            let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
            let from = try Self.location(source, configuration)
            let to = try Self.location(target, configuration)
            try Self.check(from, to)
            for store in [from, to] { _ = try ConfigurationOptions.becomeOwner(of: store) }
            let bar = ProgressBar()
            let rows = try await Self.copy(from, to, bar)
            bar.printLine("Copy complete and verified, rows: \(rows).")
        }

        private static func copy(
            _ source: StoreLocation, _ target: StoreLocation, _ bar: ProgressBar
        ) async throws(CommandError) -> Int {
            do throws(StoreError) {
                return try await StoreTransfer.copy(from: source, to: target) { progress in
                    bar.show(
                        "\(progress.isVerifying ? "Comparing" : "Copying") the table \(progress.table), rows: "
                            + "\(progress.done) of \(progress.total)",
                        share: Double(progress.done) / Double(max(progress.total, 1)))
                }
            } catch {
                bar.end()
                throw CommandError("store copy", error)
            }
        }

        private static func location(
            _ text: String, _ configuration: BridgeConfiguration
        ) throws(CommandError) -> StoreLocation {
            guard text != "store.url" else { return configuration.store }
            do throws(StoreError) {
                return try StoreLocation(url: text)
            } catch {
                throw CommandError(message: "store copy: \(error.message)", exitCode: 64)
            }
        }

        private static func check(_ source: StoreLocation, _ target: StoreLocation) throws(CommandError) {
            switch (source, target) {
            case (.sqlite, .sqlite):
                throw CommandError(
                    message: "store copy: both stores are SQLite files. Use defender-bridge backup.", exitCode: 64)
            case (.postgresql, .postgresql):
                throw CommandError(
                    message: "store copy: both stores are PostgreSQL databases. Use pg_dump.", exitCode: 64)
            default: break
            }
        }
    }
}
