import AWSCore
import ArgumentParser
import Foundation
import HTTPClient
import Synchronization
import TestSupport

/// A program that accepts deliveries of SNS.
protocol IntakeProgram: Sendable {
    var name: String { get }
    /// Starts the program with the store `store.db` in a directory.
    func start(in folder: TemporaryFolder) async throws -> any IntakeProcess
}

/// A running program.
protocol IntakeProcess: Sendable {
    /// The process identifier.
    var process: Int32 { get }
    /// The URL for deliveries of SNS.
    var endpoint: String { get }
    func stop() async throws
}

extension IntakeProcess {
    /// The port of ``endpoint``.
    var port: UInt16 { URL(string: endpoint)?.port.flatMap { UInt16($0) } ?? 0 }
}

extension ServedBridge: IntakeProcess {}

/// The bridge as a measured program.
struct BridgeProgram: IntakeProgram {
    let name: String
    let path: String
    /// Arguments in front of the settings.
    let command: [String]
    let settings: [String: String]
    let environment: [String: String]
    let client: HTTPClient

    /// The path of `defender-bridge`: the given one, or the one next to this program.
    ///
    /// - Throws: `ValidationError` if there is none.
    static func path(_ given: String?) throws -> String {
        let path =
            given
            ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "defender-bridge").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ValidationError("No program at \(path). Build it, or name another with --bridge.")
        }
        return path
    }

    func start(in folder: TemporaryFolder) async throws -> any IntakeProcess {
        try await ServedBridge(
            program: path, command: command,
            settings: settings.merging(["store.url": "sqlite://\(folder.path("store.db"))"]) { $1 },
            environment: environment, log: folder.path("bridge.log"), client: client)
    }
}

/// The comparison program on Hummingbird 2 and GRDB.
struct PeerProgram: IntakeProgram {
    let name = "Hummingbird + GRDB"
    let path: String
    /// The path of the certificate that signs messages.
    let certificate: String
    let topic: ARN

    func start(in folder: TemporaryFolder) async throws -> any IntakeProcess {
        try await Running(
            [path, "0", folder.path("store.db"), certificate, topic.description],
            output: folder.write("", as: "output"), log: folder.write("", as: "log"))
    }

    private final class Running: IntakeProcess {
        let process: Int32
        let endpoint: String
        private let ended: Ended

        private final class Ended: Sendable {
            let isTrue = Atomic(false)
        }

        /// Starts the program and waits until it prints its port.
        init(_ arguments: [String], output: String, log: String) async throws {
            let process = Process()
            process.executableURL = URL(filePath: arguments[0])
            process.arguments = Array(arguments.dropFirst())
            process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
            process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
            let ended = Ended()
            process.terminationHandler = { _ in ended.isTrue.store(true, ordering: .releasing) }
            try process.run()
            self.process = process.processIdentifier
            self.ended = ended
            let port = try await eventually("the peer to listen") {
                Int(try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .newlines))
            } is: {
                $0 != nil || ended.isTrue.load(ordering: .acquiring)
            }
            guard let port else { throw BenchmarkError(description: "the peer did not start") }
            endpoint = "http://127.0.0.1:\(port)/sns"
        }

        func stop() async throws {
            kill(process, SIGKILL)
            try await eventually("the peer to end") { ended.isTrue.load(ordering: .acquiring) }
        }
    }
}
