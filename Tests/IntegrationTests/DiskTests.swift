import Bridge
import Encoding
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite("Disk failures", .timeLimit(.minutes(15)))
    struct Disk {
        private static let began = LogEvent.storeUnavailable
        private static let ended = LogEvent.storeAvailable

        /// Bodies of deliveries, prepared in advance.
        private func bodies(_ range: Range<Int>, in world: IntegrationEnvironment) async throws -> [[UInt8]] {
            let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
            return try await mailbox.bodies(of: try Alarms.make(range, from: world.scenario()))
        }

        private func post(_ body: [UInt8], to bridge: BridgeProcess) async throws -> ClientResponse {
            try await Client.exchange(.sns(body), with: bridge.listen)
        }

        /// Ends the cause of a failure and checks that the bridge recovers without a restart: rejected deliveries are accepted,
        /// each becomes exactly one finding, and the log reports the outage in few lines.
        private func expectRecovery(
            of bridge: BridgeProcess, resending body: [UInt8], findings: Range<Int>, reason: String,
            in world: IntegrationEnvironment,
            by mend: () async throws -> Void
        ) async throws {
            try ClientResponse.expectUnavailable(try await post(body, to: bridge))
            try ClientResponse.expectUnavailable(try await Client.exchange(.get("/readyz"), with: bridge.listen))
            #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
            for _ in 0..<10 { #expect(try await post(body, to: bridge).status == 503) }
            try await mend()
            try await eventually("the bridge to be ready") {
                try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 200
            }
            try await eventually("the delivery to be taken") { try await post(body, to: bridge).status == 200 }
            try await world.waitForFindings(findings.map { Alarms.findingID($0, in: world.accountRegion) })
            try await eventually("the end to be told", { bridge.log(Self.ended).count }, is: { $0 == 1 })
            try await bridge.waitForCompletion(of: findings.count, within: .seconds(90))
            try await bridge.stop()
            let began = bridge.log(Self.began)
            #expect(began.count == 1, "\(began)")
            #expect(began.first?["reason"]?.string?.contains(reason) == true, "\(began)")
            #expect(bridge.log(.deliveryRejected) == [])
            let verified = try await RunningProgram.run([Paths.program, "queue", "verify"] + bridge.storeFlags)
            #expect(
                verified.outputLines == ["Store verified: no problems found."],
                "\(verified.outputLines + verified.errorLines)")
        }

        @Test(
            "full: 503 and not ready until there is space again, then the bridge recovers",
            .enabled(if: geteuid() == 0, "only the superuser may mount"))
        func full() async throws {
            try await IntegrationEnvironment.run { world in
                let folder = try world.folder.mount(size: "4m")
                try await withCleanup {
                    let bridge = try await world.start(["store.url": "sqlite://\(folder)/store.db"])
                    let bodies = try await bodies(0..<3, in: world)
                    #expect(try await post(bodies[0], to: bridge).status == 200)
                    try await bridge.waitForCompletion(of: 1)
                    try RunningProgram.fill(folder + "/ballast")
                    // The space that is left in the write-ahead log is used first.
                    var taken = 1
                    while taken < 2, try await post(bodies[taken], to: bridge).status == 200 { taken += 1 }
                    try await eventually("the log to be full") {
                        try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 503
                    }
                    try await expectRecovery(
                        of: bridge, resending: bodies[2], findings: 0..<3, reason: "The disk is full.", in: world
                    ) {
                        try FileManager.default.removeItem(atPath: folder + "/ballast")
                        for body in bodies[..<2] {
                            try await eventually("all to be taken") { try await post(body, to: bridge).status == 200 }
                        }
                    }
                } cleanup: {
                    try TemporaryFolder.unmount(folder)
                }
            }
        }

        @Test("an I/O error: 503 and not ready while it lasts, then the bridge recovers")
        func inputOutput() async throws {
            try await IntegrationEnvironment.run { world in
                // SIGXFSZ ignored, a write beyond the limit fails.
                let bridge = try await world.start(wrapper: ["bash", "-c", #"trap "" XFSZ; exec "$@""#, "bash"])
                let bodies = try await bodies(0..<60, in: world)
                // The limit comes after the store's migrations, whose number grows. Otherwise opening fails and is
                // repeated, and whether a delivery arrives before that is chance.
                var taken = 0
                #expect(try await post(bodies[taken], to: bridge).status == 200)
                try await bridge.limitFileSize(to: world.logSize() + 65_536)
                var response: ClientResponse
                repeat {
                    taken += 1
                    response = try await post(bodies[taken], to: bridge)
                } while taken < 59 && response.status == 200
                try #require(response.status == 503, "the limit never was reached")
                #expect(response.text.contains("I/O error on the store's file."), "\(response.text)")
                // Smaller writes than the rejected one may succeed.
                try await bridge.limitFileSize(to: 0)
                try await eventually("not even the smallest write to succeed") {
                    try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 503
                }
                try await expectRecovery(
                    of: bridge, resending: bodies[taken], findings: 0..<taken + 1,
                    reason: "I/O error on the store's file.", in: world
                ) {
                    try await bridge.limitFileSize(to: nil)
                }
            }
        }

        @Test(
            "immutable files: 503 and not ready until they are writable, then the bridge recovers",
            .enabled(if: geteuid() == 0, "only the superuser may do this"))
        func readOnly() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let bodies = try await bodies(0..<2, in: world)
                #expect(try await post(bodies[0], to: bridge).status == 200)
                try await bridge.waitForCompletion(of: 1)
                let files = ["", "-wal"].map { world.storePath + $0 }
                try await world.setImmutable(files, true)
                try await withCleanup {
                    try await expectRecovery(
                        of: bridge, resending: bodies[1], findings: 0..<2,
                        reason: "I/O error on the store's file.", in: world
                    ) {
                        try await world.setImmutable(files, false)
                    }
                } cleanup: {
                    try await world.setImmutable(files, false)
                }
            }
        }

        @Test("locked by another process: 503 and not ready until it is unlocked, then the bridge recovers")
        func locked() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let bodies = try await bodies(0..<2, in: world)
                #expect(try await post(bodies[0], to: bridge).status == 200)
                try await bridge.waitForCompletion(of: 1)
                let holder = try RunningProgram([
                    "python3", "-c",
                    """
                    import sqlite3, sys, time
                    store = sqlite3.connect(sys.argv[1], isolation_level=None)
                    store.execute("BEGIN IMMEDIATE")
                    print("locked", flush=True)
                    time.sleep(3600)
                    """, world.storePath,
                ])
                world.keep(holder)
                try await eventually("the lock to be taken") { holder.outputLines == ["locked"] }
                // Each response waits two seconds for the lock.
                try ClientResponse.expectUnavailable(try await post(bodies[1], to: bridge))
                try ClientResponse.expectUnavailable(try await Client.exchange(.get("/readyz"), with: bridge.listen))
                holder.signal(SIGKILL)
                try await eventually("the delivery to be taken") { try await post(bodies[1], to: bridge).status == 200 }
                try await eventually("the end to be told", { bridge.log(Self.ended).count }, is: { $0 == 1 })
                try await bridge.waitForCompletion(of: 2)
                try await bridge.stop()
                let began = bridge.log(Self.began)
                #expect(began.count == 1, "\(began)")
                #expect(began.first?["reason"]?.string?.contains("The store is locked by another process.") == true)
            }
        }

        @Test(
            "a file or folder without write permission: the start fails with one line, and nothing is changed",
            .enabled(if: geteuid() == 0, "only the superuser may become another user"))
        func notWritable() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await bridge.stop()
                let other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                func rejected() async throws -> String {
                    let program = try await RunningProgram.run(
                        other + [Paths.program, "serve"] + world.flags
                            + ["--set", "listen.address=127.0.0.1:0", "--set", "admin.address=127.0.0.1:0"],
                        environment: world.environment.filter { $0.key != "AWS_CA_BUNDLE" })
                    #expect(program.exit == .init(status: 78, wasKilled: false))
                    #expect(program.errorLines.count == 1, "\(program.errorLines)")
                    return program.errorLines.first ?? ""
                }
                // The lock file comes first: it is in the folder.
                #expect(
                    try await rejected().contains(
                        "store.url: Cannot open the store's file: access denied. Grant this user"))
                try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: world.folder.path)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o666], ofItemAtPath: world.storePath + ".lock")
                #expect(try await rejected().contains("store.db: Permission denied"))
                for suffix in ["", "-wal", "-shm"] {
                    try? FileManager.default.setAttributes(
                        [.posixPermissions: suffix.isEmpty ? 0o444 : 0o666], ofItemAtPath: world.storePath + suffix)
                }
                #expect(try await rejected().contains("store.db: Permission denied"))
            }
        }

        // MARK: Damage

        /// Overwrites all pages but the first with noise.
        private func damage(_ path: String) throws {
            let url = URL(filePath: path)
            var bytes = try Data(contentsOf: url)
            try #require(bytes.count > 8192)
            bytes.replaceSubrange(4096..., with: [UInt8](repeating: 0xA5, count: bytes.count - 4096))
            // Written in place, so that an open descriptor sees it.
            let handle = try FileHandle(forWritingTo: url)
            try handle.write(contentsOf: bytes)
            try handle.close()
        }

        @Test(
            "a damaged file: the start fails and the file stays; --replace-damaged-store renames it and serves"
        )
        func damaged() async throws {
            try await IntegrationEnvironment.run { world in
                let address = try Client.freeAddress()
                var bridge = try await world.start(["listen.address": address])
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<5, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 5)
                try await bridge.stop()
                try damage(world.storePath)
                let damaged = try Data(contentsOf: URL(filePath: world.storePath))
                try world.folder.write("a log", as: "store.db-wal")

                for _ in 0..<2 {
                    let rejected = try await RunningProgram.run(
                        [Paths.program, "serve", "--set", "listen.address=127.0.0.1:0"] + world.flags,
                        environment: world.environment)
                    #expect(rejected.exit == .init(status: 78, wasKilled: false))
                    #expect(rejected.errorLines.count == 1, "\(rejected.errorLines)")
                    let line = rejected.errorLines.first ?? ""
                    #expect(line.hasPrefix("defender-bridge: store.url: The store's file is damaged"), "\(line)")
                    #expect(line.contains("--replace-damaged-store"))
                    #expect(try Data(contentsOf: URL(filePath: world.storePath)) == damaged)
                }

                bridge = try await world.start(["listen.address": address], arguments: ["--replace-damaged-store"])
                let aside = world.storePath + ".damaged-1"
                let replaced = bridge.log(.storeReplaced)
                #expect(replaced.map { $0["file"]?.string } == [aside])
                #expect(try Data(contentsOf: URL(filePath: aside)) == damaged)
                try await world.publish(try Alarms.make(5..<7, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 2)
                try await world.waitForFindings((0..<7).map { Alarms.findingID($0, in: world.accountRegion) })
                // With an intact store, the flag has no effect.
                try await bridge.stop()
                bridge = try await world.start(["listen.address": address], arguments: ["--replace-damaged-store"])
                #expect(try await bridge.queue() == .init(completed: 2))
                try await bridge.stop()
                #expect(!FileManager.default.fileExists(atPath: world.storePath + ".damaged-2"))
            }
        }

        @Test("damage that appears while the bridge runs: 503, clear advice, and the file is kept")
        func damagedMeanwhile() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let bodies = try await bodies(0..<60, in: world)
                for body in bodies[..<59] { #expect(try await post(body, to: bridge).status == 200) }
                try await bridge.waitForCompletion(of: 59)
                // Pages in the write-ahead log take precedence over the file.
                try await world.checkpoint()
                try damage(world.storePath)
                try await eventually("the damage to be noticed") {
                    try await post(bodies[59], to: bridge).status == 503
                }
                let began = try await eventually("it to be told", { bridge.log(Self.began) }, is: { !$0.isEmpty })
                let reason = began.first?["reason"]?.string ?? ""
                #expect(reason.contains("damaged") && reason.contains("--replace-damaged-store"), "\(reason)")
                let size = try FileManager.default.attributesOfItem(atPath: world.storePath)[.size] as? Int
                #expect(size.map { $0 > 8192 } == true)
                try await bridge.stop()
                #expect(bridge.log(Self.began).count == 1)
            }
        }

        @Test(
            "a write-ahead log torn by a kill: deliveries acknowledged before the tear are there after the start",
            arguments: [0, 1])
        func torn(cut: Int) async throws {
            try await IntegrationEnvironment.run { world in
                var bridge = try await world.start()
                let bodies = try await bodies(0..<20, in: world)
                // Nothing else writes meanwhile.
                let paused = try await RunningProgram.run([Paths.program, "pause"] + bridge.storeFlags)
                #expect(paused.exit?.status == 0, "\(paused.errorLines)")
                for body in bodies { #expect(try await post(body, to: bridge).status == 200) }
                try await bridge.kill()
                let log = URL(filePath: world.storePath + "-wal")
                var bytes = try Data(contentsOf: log)
                // The last commit is truncated, or followed by the remains of a commit that did not finish.
                if cut == 1 {
                    bytes.removeLast(100)
                } else {
                    bytes.append(contentsOf: repeatElement(0x5A, count: 6000))
                }
                try bytes.write(to: log)
                bridge = try await world.start()
                #expect(try await bridge.queue() == .init(pending: 20 - cut))
                let resumed = try await RunningProgram.run([Paths.program, "resume"] + bridge.storeFlags)
                #expect(resumed.exit?.status == 0, "\(resumed.errorLines)")
                try await world.waitForFindings((0..<20 - cut).map { Alarms.findingID($0, in: world.accountRegion) })
                try await bridge.stop()
                let verified = try await RunningProgram.run([Paths.program, "queue", "verify"] + bridge.storeFlags)
                #expect(verified.outputLines == ["Store verified: no problems found."])
            }
        }
    }
}

extension TemporaryFolder {
    /// Mounts a tmpfs on a folder within it and returns its path.
    func mount(size: String) throws -> String {
        let folder = path("disk")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try Self.run(["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", folder])
        return folder
    }

    static func unmount(_ folder: String) throws { try run(["umount", "--lazy", folder]) }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        try ProcessLaunch.alone { try process.run() }
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments)")
    }
}

extension RunningProgram {
    /// Writes a file until the disk is full.
    static func fill(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        for size in [65_536, 4096, 1] {
            let block = [UInt8](repeating: 1, count: size)
            while write(descriptor, block, size) > 0 {}
        }
        try #require(errno == ENOSPC)
    }
}

extension BridgeProcess {
    /// Sets the size in bytes beyond which the process can write no file; nil for none. The limit is soft: it can be raised again.
    fileprivate func limitFileSize(to bytes: Int?) async throws {
        let limit = bytes.map { "\($0)" } ?? "unlimited"
        let changed = try await RunningProgram.run([
            "prlimit", "--pid", "\(program.identifier)", "--fsize=\(limit):unlimited",
        ])
        try #require(changed.exit?.status == 0, "\(changed.errorLines)")
    }
}

extension IntegrationEnvironment {
    /// The size of the write-ahead log in bytes.
    fileprivate func logSize() throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: storePath + "-wal")[.size] as? Int)
    }

    /// Makes the volume read-only, also for open files, or writable again.
    fileprivate func setImmutable(_ paths: [String], _ isImmutable: Bool) async throws {
        let changed = try await RunningProgram.run(["chattr", isImmutable ? "+i" : "-i"] + paths)
        try #require(changed.exit?.status == 0, "\(changed.errorLines)")
    }

    /// Checkpoints the write-ahead log while a bridge runs.
    fileprivate func checkpoint() async throws {
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1], timeout=20)
            assert store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
            store.close()
            """
        try await RunningProgram.python(["-c", program, storePath])
    }
}
