import ArgumentParser
import Bridge
import FoundationEssentials
import Store

/// Backs up a SQLite store.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up a SQLite store to a file. Can be used while a bridge is running.",
        discussion: """
            Copies one state of the store, verifies the copy and gives it its name when it is complete. The file is accessible \
            to its owner only. Do not use cp: without the write-ahead log, the store's file is incomplete. Back up a \
            PostgreSQL store with pg_dump.

            Example:
              defender-bridge backup --config /etc/defender-bridge/bridge.yaml /var/lib/defender-bridge/backup.db
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Argument(help: ArgumentHelp("Backup to write. Its folder must exist.", valueName: "file"))
    var file: String

    @Flag(help: "Replace the file if it exists. Default: fail.")
    var replace = false

    func run() async throws {
        let configuration = try options.loadForStore(environment: ProcessInfo.processInfo.environment)
        let bar = ProgressBar()
        let rows: Int
        do {
            rows = try await StoreTransfer.backUp(configuration.store, to: file, replaces: replace) {
                bar.show($0 ? "Verifying the backup" : "Copying the store", share: $0 ? 1 : $1)
            }
        } catch let error as StoreError {
            bar.end()
            throw CommandError("backup", error)
        }
        bar.printLine("Backup complete and verified: \(file), rows: \(rows).")
    }
}

/// Restores a SQLite store.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a SQLite store from a backup. Stop the bridge first.",
        discussion: """
            Verifies a copy of the backup and puts it in the place of the store. A store that exists is kept under another \
            name. A backup of an earlier version is updated when the bridge starts. Restore a PostgreSQL store with pg_restore.

            Example:
              defender-bridge restore --config /etc/defender-bridge/bridge.yaml /var/lib/defender-bridge/backup.db
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Argument(help: ArgumentHelp("Backup to restore.", valueName: "file"))
    var file: String

    @Flag(help: "If the store exists, rename it and restore the backup in its place. Default: fail.")
    var replace = false

    func run() async throws {
        let configuration = try options.loadForStore(environment: ProcessInfo.processInfo.environment)
        let bar = ProgressBar()
        let former: String?
        do {
            former = try await StoreTransfer.restore(file, to: configuration.store, replaces: replace) {
                bar.show($0 ? "Verifying the backup" : "Copying the backup", share: $0 ? 1 : $1)
            }
        } catch let error as StoreError {
            bar.end()
            throw CommandError("restore", error)
        }
        bar.printLine("Store restored and verified.")
        if let former { bar.printLine("The former store is \(former).") }
    }
}
