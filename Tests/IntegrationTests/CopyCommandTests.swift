import AWSCore
import Bridge
import Encoding
import Foundation
import JSON
import LocalAWS
import Synchronization
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Backup, restore and copies of stores", .timeLimit(.minutes(15)))
    struct CopyCommands {
        private func run(
            _ arguments: [String], in world: IntegrationEnvironment, store url: String? = nil
        ) async throws -> RunningProgram {
            try await RunningProgram.run(
                [Paths.program] + arguments + ["--set", "store.url=\(url ?? "sqlite://\(world.storePath)")"],
                environment: world.environment, within: .seconds(120))
        }

        /// Runs a command that must succeed; returns its last line.
        @discardableResult
        private func succeed(
            _ arguments: [String], in world: IntegrationEnvironment, store url: String? = nil
        ) async throws -> String {
            let program = try await run(arguments, in: world, store: url)
            try #require(program.exit == .init(status: 0, wasKilled: false), "\(arguments): \(program.errorLines)")
            #expect(program.errorLines == [])
            return program.outputLines.last ?? ""
        }

        private func expectFailure(_ program: RunningProgram, code: Int32, _ parts: String...) {
            #expect(program.exit == .init(status: code, wasKilled: false))
            #expect(program.errorLines.count == 1, "\(program.errorLines)")
            let line = program.errorLines.first ?? ""
            #expect(line.hasPrefix("defender-bridge: "))
            for part in parts { #expect(line.contains(part), "\(line)") }
        }

        /// All rows of a SQLite file.
        private func dump(_ path: String) async throws -> [String] {
            let script = """
                import sqlite3, sys
                store = sqlite3.connect(sys.argv[1])
                for line in sorted(store.iterdump()):
                    print(line.replace(chr(10), " "))
                """
            return try await RunningProgram.python(["-c", script, path])
        }

        private func ids(_ path: String) async throws -> Set<String> {
            let script = """
                import sqlite3, sys
                for row in sqlite3.connect(sys.argv[1]).execute("SELECT id FROM delivery"):
                    print(row[0])
                """
            return Set(try await RunningProgram.python(["-c", script, path]))
        }

        private func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }

        // MARK: backup and restore

        @Test("A backup under load has all that was acknowledged before, and a bridge continues from it")
        func underLoad() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                let scenario = world.scenario()
                let isDone = Mutex(false)
                let load = Task {
                    var count = 0
                    while !isDone.withLock(\.self) {
                        try await world.publish(
                            try Alarms.make(count..<(count + 10), from: scenario), to: world.topics.detect)
                        count += 10
                    }
                    return count
                }
                let file = world.folder.path("backup.db")
                try world.folder.write("an interrupted backup", as: "backup.db.partial")
                var acknowledged = 0
                for number in 0..<5 {
                    try await eventually("more deliveries", bridge.queue) {
                        $0.completed + $0.pending + $0.leased > acknowledged + 20
                    }
                    let queue = try await bridge.queue()
                    acknowledged = queue.completed + queue.pending + queue.leased
                    let line = try await succeed(["backup", file] + (number > 0 ? ["--replace"] : []), in: world)
                    #expect(line.hasPrefix("Backup complete and verified: \(file), rows: "), "\(line)")
                    #expect(try mode(file) == 0o600)
                    #expect(try await ids(file).count >= acknowledged)
                    #expect(
                        try await succeed(["queue", "verify"], in: world, store: "sqlite://\(file)")
                            == "Store verified: no problems found.")
                }
                isDone.withLock { $0 = true }
                let count = try await load.value
                try await bridge.waitForCompletion(of: count)
                expectFailure(
                    try await run(["backup", file], in: world), code: 1, "backup failed: ", "exists", "--replace")
                expectFailure(
                    try await run(["backup", world.storePath, "--replace"], in: world), code: 78, "of the store itself")
                expectFailure(
                    try await run(["restore", file, "--replace"], in: world), code: 75, "restore failed: ",
                    "Stop that process first.")
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: world.folder.path).filter {
                        $0.contains(".partial")
                    } == [])
                try await bridge.stop()

                expectFailure(try await run(["restore", file], in: world), code: 1, "exists", "--replace")
                let former = try await dump(world.storePath)
                try await succeed(["restore", file, "--replace"], in: world)
                let (restored, expected) = (try await dump(world.storePath), try await dump(file))
                #expect(restored == expected)
                #expect(try await dump(world.storePath + ".replaced-1") == former)
                #expect(try mode(world.storePath) == 0o600)
                let known = try await ids(file).count
                let second = try await world.start()
                try await second.waitForCompletion(of: known)
                try await second.stop()
                try await world.waitForFindings((0..<count).map { Alarms.findingID($0, in: world.accountRegion) })
            }
        }

        @Test("A file that is no sound backup is rejected with one line, and the store stays as it was")
        func hostile() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<3, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 3)
                let file = world.folder.path("backup.db")
                try await succeed(["backup", file], in: world)
                try await bridge.stop()
                let before = try await dump(world.storePath)

                let bytes = try world.folder.read("backup.db")
                let truncated = try world.folder.write(Array(bytes.prefix(bytes.count / 2)), as: "truncated.db")
                let text = try world.folder.write("no database at all\n", as: "text.db")
                let empty = try world.folder.write("", as: "empty.db")
                let script = """
                    import shutil, sqlite3, sys
                    def change(name, script):
                        shutil.copy(sys.argv[1], sys.argv[1].replace("backup", name))
                        store = sqlite3.connect(sys.argv[1].replace("backup", name))
                        store.executescript(script)
                        store.close()
                    change("newer", "INSERT INTO grdb_migrations VALUES ('a later step')")
                    change("foreign", "PRAGMA application_id = 7")
                    change("changed", "DROP INDEX finding_age")
                    """
                try await RunningProgram.python(["-c", script, file])
                for (path, part) in [
                    (truncated, "is damaged or not a backup"), (text, "is damaged or not a backup"),
                    (empty, "is not a backup of a store"),
                    (world.folder.path("foreign.db"), "is not a backup of a store"),
                    (world.folder.path("changed.db"), "The file lacks the index finding_age."),
                    (world.folder.path("newer.db"), "written by a newer version"),
                    (world.folder.path("none.db"), "No such file or directory"),
                    (world.folder.path, "is not a regular file"),
                ] {
                    expectFailure(
                        try await run(["restore", path, "--replace"], in: world), code: 78, "restore failed: ", part)
                }
                #expect(try await dump(world.storePath) == before)
                var damagedBytes = bytes
                for place in 16_384..<(bytes.count / 2) { damagedBytes[place] = 0x55 }
                let damaged = try world.folder.write(damagedBytes, as: "damaged.db")
                let unwritten = world.folder.path("unwritten.db")
                expectFailure(
                    try await run(["backup", unwritten], in: world, store: "sqlite://\(damaged)"), code: 78,
                    "backup failed: ", "is damaged")
                for name in [unwritten, unwritten + ".partial"] {
                    #expect(!FileManager.default.fileExists(atPath: name))
                }
                // A log that a removed store left does not become part of the restored one.
                try FileManager.default.removeItem(atPath: world.storePath)
                try world.folder.write("a log", as: "store.db-wal")
                try await succeed(["restore", file], in: world)
                let (restored, expected) = (try await dump(world.storePath), try await dump(file))
                #expect(restored == expected)
                #expect(try world.folder.read("store.db.replaced-1-wal") == Array("a log".utf8))

                expectFailure(
                    try await run(["backup", world.folder.path("none/backup.db")], in: world), code: 78,
                    "No such file or directory")
                expectFailure(
                    try await run(["backup", file], in: world, store: "postgresql://bridge@localhost/bridge"), code: 78,
                    "store.url: ", "pg_dump --format=custom")
                expectFailure(
                    try await run(["restore", file], in: world, store: "postgresql://bridge@localhost/bridge"),
                    code: 78,
                    "store.url: ", "pg_restore --clean")
            }
        }

        // MARK: store copy

        @Test(
            "A bridge on the copy of a store processes what was pending and archives what was open",
            .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
        func copy() async throws {
            let cluster = try await PostgreSQLCluster.shared.get()
            let database = try await cluster.makeDatabase()
            try await withCleanup {
                try await IntegrationEnvironment.run { try await copy(in: $0, to: cluster.url(database)) }
            } cleanup: {
                try await cluster.dropDatabase(database)
            }
        }

        private func copy(in world: IntegrationEnvironment, to url: String) async throws {
            let alarms = try Alarms.make(0..<6, from: world.scenario())
            func id(_ number: Int) -> String { Alarms.findingID(number, in: world.accountRegion) }
            let address = try Client.freeAddress()
            let bridge = try await world.start(["listen.address": address])
            try await world.subscribe(bridge, to: world.topics.detect)
            try await world.publish(Array(alarms[..<3]), to: world.topics.detect)
            try await bridge.waitForCompletion(of: 3)
            try await succeed(["pause"], in: world)
            try await eventually("the pause") { !bridge.log(.processingPaused).isEmpty }
            try await world.publish(Array(alarms[3...]), to: world.topics.detect)
            let sqlite = "sqlite://\(world.storePath)"
            expectFailure(try await run(["store", "copy", sqlite, url], in: world), code: 75, "store copy failed: ")
            try await bridge.stop()

            let program = try RunningProgram(
                [Paths.program, "store", "copy", sqlite, url], environment: world.environment)
            try await eventually("progress") { !program.outputLines.isEmpty || program.exit != nil }
            program.signal(SIGKILL)
            try await program.waitForExit()
            let line = try await succeed(["store", "copy", "store.url", url], in: world)
            #expect(line.hasPrefix("Copy complete and verified, rows: "), "\(line)")
            expectFailure(
                try await run(["store", "copy", sqlite, url], in: world), code: 78,
                "The target of the copy is not empty")

            try await succeed(["resume"], in: world, store: url)
            let second = try await world.start(["listen.address": address, "store.url": url])
            try await second.waitForCompletion(of: 6)
            try await world.waitForFindings((0..<6).map(id))
            try await world.publish(
                [try Alarms.cleared(alarms[0]), try Alarms.cleared(alarms[4])], to: world.topics.detect)
            try await second.waitForCompletion(of: 8)
            try await second.stop()
            let archived = world.aws.findings(in: world.accountRegion)
                .filter { $0["RecordState"]?.string == "ARCHIVED" }.compactMap { $0["Id"]?.string }
            #expect(Set(archived) == [id(0), id(4)])

            let back = world.folder.path("back.db")
            try await succeed(["store", "copy", url, "sqlite://\(back)"], in: world)
            let third = try await world.start(["listen.address": address, "store.url": "sqlite://\(back)"])
            try await world.publish([try Alarms.cleared(alarms[5])], to: world.topics.detect)
            try await third.waitForCompletion(of: 9)
            try await third.stop()
            #expect(
                try await succeed(["queue", "verify"], in: world, store: "sqlite://\(back)")
                    == "Store verified: no problems found.")
        }

        @Test("store copy rejects wrong usage, and prints no password")
        func usage() async throws {
            try await IntegrationEnvironment.run { world in
                let password = "postgresql://bridge:s3cret@127.0.0.1:1/bridge"
                for (arguments, code, part) in [
                    (["store.url", "sqlite://other.db"], 64, "both stores are SQLite files"),
                    ([password, password], 64, "both stores are PostgreSQL databases"),
                    (["mysql://x", "store.url"], 64, "must begin with sqlite:// or postgresql://"),
                    ([password, "store.url"], 75, "cannot be reached"),
                    (["sqlite://\(world.folder.path)/none.db", password], 78, "No such file or directory"),
                ] {
                    let program = try await run(["store", "copy"] + arguments, in: world)
                    expectFailure(program, code: Int32(code), "store copy", part)
                    #expect(!program.errorLines.joined().contains("s3cret"))
                }
                #expect(!FileManager.default.fileExists(atPath: world.storePath))
            }
        }
    }
}
