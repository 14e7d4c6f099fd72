import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import SQLiteStore
@testable import Store

/// Behavior across processes, tested with real ones.
@Suite struct ProcessTests {
    /// Appends from eight concurrent tasks, writes each acknowledged id to a file, and kills itself meanwhile.
    private static func appendUntilKilled(in folder: String) async throws {
        let store = try await SQLiteStore(path: folder + "/store.db")
        let notes = open(folder + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let acknowledged = Counter()
        try await withThrowingDiscardingTaskGroup { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<10_000 {
                        let one = delivery(worker * 10_000 + number)
                        _ = try await store.append(one)
                        var line = Array("\(one.id)\n".utf8)
                        write(notes, &line, line.count)
                        if acknowledged.next() == 500 { kill(getpid(), SIGKILL) }
                    }
                }
            }
        }
    }

    @Test func acknowledgedDeliveriesSurviveAKilledProcess() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            try await ProcessTests.appendUntilKilled(in: path)
        }
        let notes = try String(contentsOf: URL(filePath: path + "/acknowledged"), encoding: .utf8)
        let acknowledged = Set(notes.split(separator: "\n").map(String.init))
        #expect(acknowledged.count >= 500)

        let store = try await SQLiteStore(path: folder.file)
        var stored: Set<String> = []
        while case let batch = try await store.leaseBatch(1000, now: 0), !batch.isEmpty {
            stored.formUnion(batch.map(\.delivery.id))
        }
        #expect(acknowledged.subtracting(stored).isEmpty)
        #expect(try await store.verify() == [])
        await store.close()
    }

    @Test func theLockEndsWithTheProcess() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try await SQLiteStore(path: path)
            try await store.checkWritable()
            kill(getpid(), SIGKILL)
            await store.close()
        }
        let store = try await SQLiteStore(path: path)
        try await store.checkWritable()
        await store.close()
    }

    @Test func anotherProcessCannotServeFromTheSameFile() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file
        let store = try await SQLiteStore(path: path)
        await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
            let code = await failure { _ = try await SQLiteStore(path: path) }
            exit(code == .inUse ? 42 : 1)
        }
        await store.close()
    }

    @Test func aFileWithoutWritePermissionIsAnInvalidPath() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        await store.close()
        // The process is no longer root, who bypasses permissions, when it opens the store.
        for file in [folder.file, folder.file + ".lock", folder.path] { #expect(chmod(file, 0o777) == 0) }
        #expect(chmod(folder.file, 0o444) == 0)
        let path = folder.file
        await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
            if geteuid() == 0 { guard setgid(65534) == 0, setuid(65534) == 0 else { exit(2) } }
            let code = await failure { _ = try await SQLiteStore(path: path) }
            exit(code == .invalidPath ? 42 : 1)
        }
        #expect(chmod(folder.file, 0o000) == 0)
        await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
            if geteuid() == 0 { guard setgid(65534) == 0, setuid(65534) == 0 else { exit(2) } }
            let code = await failure { _ = try await SQLiteStore(path: path, access: .readOnly) }
            exit(code == .invalidPath ? 42 : 1)
        }
    }
}
