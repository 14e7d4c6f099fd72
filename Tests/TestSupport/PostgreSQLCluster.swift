import CLibpq
import Foundation
import Synchronization

/// A PostgreSQL server for tests. It ends with the test process, in whatever way that ends.
///
/// It listens on a local port and on a socket in its directory, runs as a user other than root, and trusts every
/// connection.
public final class PostgreSQLCluster: Sendable {
    /// The port of the server.
    public let port: UInt16
    /// The directory of its files.
    public let folder: TemporaryFolder
    private let programs: String
    private let asUser: [String]
    private let settings: [String]
    private let server = Mutex<(process: Process, lifeline: Pipe)?>(nil)

    /// Whether PostgreSQL is installed on this machine.
    public static let isInstalled = programFolder != nil

    /// The cluster shared by the tests. Each test uses its own database.
    public static let shared = SharedCluster()

    /// Debian's directory of the programs, or one on the search path.
    private static let programFolder: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + path).first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
    }()

    /// Creates and starts a cluster.
    ///
    /// - Parameters:
    ///   - settings: additional server settings, as `name=value`.
    ///   - prepare: changes files in the data directory before the server starts.
    public convenience init(
        settings: [String] = [], prepare: (_ folder: String) throws -> Void = { _ in }
    ) async throws {
        try self.init(empty: settings)
        try await handOver()
        _ = try await Program.run(
            asUser + [
                "\(programs)/initdb", "--pgdata=\(folder.path)/data", "--username=postgres", "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            ]
        ).checked("initdb")
        try prepare(folder.path("data"))
        try await handOver()
        try await start()
    }

    /// Creates and starts a synchronous standby. From then on, the primary's commits wait for it.
    public convenience init(standbyOf primary: PostgreSQLCluster) async throws {
        try self.init(empty: [])
        try await handOver()
        _ = try await Program.run(
            asUser + [
                "\(programs)/pg_basebackup", "--pgdata=\(folder.path)/data", "--host=127.0.0.1",
                "--port=\(primary.port)", "--username=postgres", "--write-recovery-conf", "--checkpoint=fast",
                "--no-sync",
            ]
        ).checked("pg_basebackup")
        try await start()
        try await primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try await primary.run("SELECT pg_reload_conf()")
        try await eventually("commits to wait for the standby") {
            try await primary.run("SELECT sync_state FROM pg_stat_replication") == ["sync"]
        }
    }

    /// Promotes a standby to a primary.
    public func promote() async throws { try await run("SELECT pg_promote()") }

    /// The directory and the port of a cluster without files.
    private init(empty settings: [String]) throws {
        guard let programs = Self.programFolder else { throw PostgreSQLUnavailableError() }
        self.programs = programs
        self.settings = settings
        // PostgreSQL does not run as root.
        asUser =
            geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
        folder = try TemporaryFolder()
        port = try Self.freePort()
    }

    /// Changes the owner of the files to the server's user.
    private func handOver() async throws {
        guard geteuid() == 0 else { return }
        _ = try await Program.run(["chown", "-R", "postgres:postgres", folder.path]).checked("chown")
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw PostgreSQLUnavailableError() }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Starts the server, and waits until it accepts connections.
    public func start() async throws {
        let options =
            ["port=\(port)", "listen_addresses=127.0.0.1", "unix_socket_directories=\(folder.path)"]
            // Durability against machine crashes is not needed.
            + ["fsync=off", "full_page_writes=off", "max_connections=200", "log_min_messages=warning"] + settings
        let words = [programs + "/postgres", "-D", folder.path + "/data"] + options.flatMap { ["-c", $0] }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // The shell's input, and so the server, ends with the test process at the latest.
        // Not dash: its `wait` never returns where SIGCHLD is blocked, as it is when a thread of a dispatch queue starts it.
        let script = """
            folder=$1; shift
            "$@" >>"$folder/log" 2>&1 </dev/null & server=$!
            read -r word
            kill -QUIT $server; wait $server
            [ "$word" = keep ] || rm -rf "$folder"
            """
        process.arguments = asUser + ["bash", "-c", script, "bash", folder.path] + words
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let lifeline = try ProcessLaunch.alone {
            let lifeline = Pipe()
            // If another process inherited it, the server would never see its end.
            guard fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw PostgreSQLUnavailableError()
            }
            process.standardInput = lifeline
            try process.run()
            return lifeline
        }
        server.withLock { $0 = (process, lifeline) }
        try await eventually("PostgreSQL to take connections") {
            let url = self.url("postgres")
            return try await onThread { PQping(url) == PQPING_OK }
        }
    }

    /// Kills the server as in a crash. It can be started again.
    public func crash() async throws {
        let server = server.withLock { server in
            defer { server = nil }
            return server
        }
        guard let server else { return }
        try server.lifeline.fileHandleForWriting.write(contentsOf: Data("keep\n".utf8))
        // The server removes this file last. Foundation reports the end of the shell later, if ever.
        try await eventually("PostgreSQL to end") {
            !FileManager.default.fileExists(atPath: "\(folder.path)/data/postmaster.pid")
        }
    }

    /// Runs statements in a database; returns the first column of the rows of the last one.
    @discardableResult
    public func run(_ sql: String, in database: String = "postgres") async throws -> [String] {
        let url = url(database)
        // Not with a program: a starting process holds this one's files and locks for a moment.
        return try await onThread {
            let connection = PQconnectdb(url)
            defer { PQfinish(connection) }
            PQsetNoticeReceiver(connection, { _, _ in }, nil)
            let result = PQexec(connection, sql)
            defer { PQclear(result) }
            guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
                throw ProgramError(
                    name: "PostgreSQL", status: 1, errors: PQerrorMessage(connection).map { String(cString: $0) } ?? "")
            }
            return (0..<PQntuples(result)).map { row in
                PQgetvalue(result, row, 0).map { String(cString: $0) } ?? ""
            }
        }
    }

    /// Creates a database and returns its name.
    public func makeDatabase() async throws -> String {
        let name = "test_\(UUID().uuidString.lowercased().prefix(13).replacing("-", with: "_"))"
        try await run("CREATE DATABASE \(name)")
        return name
    }

    /// Drops a database, even if it is in use.
    public func dropDatabase(_ name: String) async throws {
        try await run("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// The URL of a database.
    public func url(_ database: String, parameters: String = "sslmode=disable") -> String {
        "postgresql://postgres@127.0.0.1:\(port)/\(database)?\(parameters)"
    }
}

/// A cluster that is started on first use.
public actor SharedCluster {
    private var starting: Task<PostgreSQLCluster, any Error>?

    /// The cluster.
    public func get() async throws -> PostgreSQLCluster {
        let task = starting ?? Task { try await PostgreSQLCluster() }
        starting = task
        return try await task.value
    }
}

/// PostgreSQL is not installed or cannot be started.
public struct PostgreSQLUnavailableError: Error, CustomStringConvertible {
    /// What to do.
    public let description = "PostgreSQL is not installed, or no port is free; install the package postgresql"
}
