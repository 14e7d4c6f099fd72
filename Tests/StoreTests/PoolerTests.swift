import Encoding
import Foundation
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// A pooler between the store and the database.
@Suite(
    .enabled(
        if: StoreKind.all.contains(.postgreSQL) && Pooler.isInstalled, "install the packages postgresql and pgbouncer"),
    .timeLimit(.minutes(15)))
struct PoolerTests {
    @Test(arguments: ["transaction", "statement"])
    func aPoolerInTransactionModeIsRejectedInOneLine(mode: String) async throws {
        try await withDatabase { url in
            try await Pooler.run(mode: mode, before: url) { pooled in
                for access in [StoreAccess.serving, .maintenance] {
                    let error = try #require(try await openingError(of: pooled, access: access))
                    #expect(error.code == .unsupported, "\(error)")
                    #expect(error.message.hasPrefix(PoolerCheck.rejection) && !error.message.contains("\n"), "\(error)")
                }
            }
        }
    }

    /// The error of opening a store; nil if it opens.
    private func openingError(of url: String, access: StoreAccess) async throws -> StoreError? {
        // On a busy machine, the database may not respond in time at first, which says nothing about the pooler.
        try await eventually("the database to respond", within: .seconds(120)) {
            do throws(StoreError) {
                let store = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), access: access)
                await store.close()
                return nil as StoreError?
            } catch {
                return error
            }
        } is: {
            $0?.code != .unavailable
        }
    }

    @Test func aPoolerInSessionModeIsAccepted() async throws {
        try await withDatabase { url in
            try await Pooler.run(mode: "session", before: url) { pooled in
                try await withStore(pooled) { store in
                    let taken = try await store.leaseNew(1)
                    try await store.complete(taken.lease, recording: [entry("a")], now: 1)
                    try await store.checkRights()
                }
            }
        }
    }
}

/// pgbouncer.
private enum Pooler {
    private static let program = "/usr/sbin/pgbouncer"
    /// The status with which `pg_isready` ends when nothing responds.
    private static let noResponse: Int32 = 2
    static let isInstalled = FileManager.default.isExecutableFile(atPath: program)

    /// Runs a test with the URL by which a database is reached through pgbouncer.
    static func run(mode: String, before url: String, _ body: (_ url: String) async throws -> Void) async throws {
        let components = try #require(URLComponents(string: url))
        let (database, port) = (String(components.path.dropFirst()), try #require(components.port))
        let folder = try TemporaryFolder()
        let configuration = """
            [databases]
            \(database) = host=127.0.0.1 port=\(port) user=postgres
            [pgbouncer]
            listen_addr =
            unix_socket_dir = \(folder.path)
            listen_port = 6432
            auth_type = any
            pool_mode = \(mode)
            default_pool_size = 20
            """
        let file = try folder.write(configuration, as: "pgbouncer.ini")
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // It does not run as root.
        let asUser =
            geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
        process.arguments = asUser + [program, file]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try ProcessLaunch.alone { try process.run() }
        try await withCleanup {
            // Its socket exists before it accepts connections.
            try await eventually("pgbouncer to accept connections") {
                try await Program.run(["pg_isready", "--host=\(folder.path)", "--port=6432"]).status != Self.noResponse
            }
            let host = folder.path.replacing("/", with: "%2F")
            try await body("postgresql://postgres@\(host):6432/\(database)?sslmode=disable")
        } cleanup: {
            // Foundation may report its end late.
            kill(process.processIdentifier, SIGKILL)
        }
    }
}
