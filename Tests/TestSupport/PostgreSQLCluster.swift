import CLibpq
import Foundation
import Synchronization

/// A PostgreSQL server of the tests' own, which ends with the process of the tests, however that ends.
///
/// It listens on a port of this machine and on a socket in its folder, is run by a user other than root, and takes its
/// word for who connects.
public final class PostgreSQLCluster: Sendable {
    /// The port that it listens on.
    public let port: UInt16
    /// The folder of its files.
    public let folder: TemporaryFolder
    private let programs: String
    private let asUser: [String]
    private let settings: [String]
    private let server = Mutex<(process: Process, lifeline: Pipe)?>(nil)

    /// Whether the machine has PostgreSQL.
    public static let isInstalled = programFolder != nil

    /// The cluster that the tests share, each with a database of its own.
    public static let shared = SharedCluster()

    /// Where Debian has the programs, or the search path.
    private static let programFolder: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + path).first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
    }()

    /// Makes a cluster and starts it.
    ///
    /// - Parameters:
    ///   - settings: further settings of the server, as `name=value`.
    ///   - prepare: changes files in the server's folder before it starts.
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

    /// Makes a cluster that has whatever another one commits, and starts it. From then on the other one's commits wait
    /// for it.
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

    /// Has a standby become a server that takes writes.
    public func promote() async throws { try await run("SELECT pg_promote()") }

    /// The folder and the port of a cluster without files.
    private init(empty settings: [String]) throws {
        guard let programs = Self.programFolder else { throw PostgreSQLUnavailableError() }
        self.programs = programs
        self.settings = settings
        // PostgreSQL refuses to run as root.
        asUser =
            geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
        folder = try TemporaryFolder()
        port = try Self.freePort()
    }

    /// Gives the files to the server's user.
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

    /// Starts the server, and waits until it takes connections.
    public func start() async throws {
        let options =
            ["port=\(port)", "listen_addresses=127.0.0.1", "unix_socket_directories=\(folder.path)"]
            // What a crash of the machine would lose does not matter here.
            + ["fsync=off", "full_page_writes=off", "max_connections=200", "log_min_messages=warning"] + settings
        let words = [programs + "/postgres", "-D", folder.path + "/data"] + options.flatMap { ["-c", $0] }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // The shell's input ends with the process of the tests at the latest, and the server with it.
        let script = """
            folder=$1; shift
            "$@" >>"$folder/log" 2>&1 </dev/null & server=$!
            read -r word
            kill -QUIT $server; wait $server
            [ "$word" = keep ] || rm -rf "$folder/data"
            """
        process.arguments = asUser + ["sh", "-c", script, "sh", folder.path] + words
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let lifeline = try ProcessLaunch.alone {
            let lifeline = Pipe()
            // Were it open in any other process too, the server would never see its end.
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

    /// Ends the server as a crash would; it can be started again.
    public func crash() async throws {
        let server = server.withLock { server in
            defer { server = nil }
            return server
        }
        guard let server else { return }
        try server.lifeline.fileHandleForWriting.write(contentsOf: Data("keep\n".utf8))
        // The server's last act is to remove this file. What Foundation says of the shell comes later, if ever.
        try await eventually("PostgreSQL to end") {
            !FileManager.default.fileExists(atPath: "\(folder.path)/data/postmaster.pid")
        }
    }

    /// Runs statements in a database; gives the first column of the last one's rows.
    @discardableResult
    public func run(_ sql: String, in database: String = "postgres") async throws -> [String] {
        let url = url(database)
        // Not by a program: a process that is being started holds this one's files and locks for a moment.
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

    /// Makes a database, and gives its name.
    public func makeDatabase() async throws -> String {
        let name = "test_\(UUID().uuidString.lowercased().prefix(13).replacing("-", with: "_"))"
        try await run("CREATE DATABASE \(name)")
        return name
    }

    /// Removes a database, whoever uses it.
    public func dropDatabase(_ name: String) async throws {
        try await run("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// The URL of a database.
    public func url(_ database: String, parameters: String = "sslmode=disable") -> String {
        "postgresql://postgres@127.0.0.1:\(port)/\(database)?\(parameters)"
    }
}

/// The cluster that is started by the first who asks.
public actor SharedCluster {
    private var starting: Task<PostgreSQLCluster, any Error>?

    /// The cluster.
    public func get() async throws -> PostgreSQLCluster {
        let task = starting ?? Task { try await PostgreSQLCluster() }
        starting = task
        return try await task.value
    }
}

/// PostgreSQL is not there, or cannot be started.
public struct PostgreSQLUnavailableError: Error, CustomStringConvertible {
    /// What to do.
    public let description = "PostgreSQL's server is not installed, or has no port; install the package postgresql"
}
