import Encoding
import Foundation
import HTTPClient
import TestSupport

/// Checks that a program works correctly before it is measured.
struct IntakeCheck: Sendable {
    let program: any IntakeProcess
    let client: HTTPClient
    let messages: SignedMessages

    private static let deliveries = 20

    /// - Throws: ``BenchmarkError`` if a delivery is acknowledged before it is on disk, a forged one is accepted, or a
    ///   duplicate is rejected.
    func run() async throws {
        let writes = try await writes {
            for body in messages.bodies.prefix(Self.deliveries) {
                try await IntakeEnvironment.deliver(body, to: program, by: client)
            }
        }
        guard writes >= Self.deliveries else {
            throw BenchmarkError(
                description: "\(program.endpoint) acknowledged \(Self.deliveries) deliveries sequentially with "
                    + "\(writes) disk syncs")
        }
        let forged = String(decoding: messages.bodies[Self.deliveries], as: UTF8.self)
            .replacingOccurrences(of: "pump-", with: "pomp-")
        let status = try await IntakeEnvironment.status(of: Array(forged.utf8), to: program, by: client)
        guard status == 403 else {
            throw BenchmarkError(description: "\(program.endpoint) responded to a forged message with \(status)")
        }
        // The count of the store shows that it is stored once.
        try await IntakeEnvironment.deliver(messages.bodies[0], to: program, by: client)
    }

    /// The number of disk syncs of the program during an action, by strace.
    private func writes(during body: () async throws -> Void) async throws -> Int {
        let folder = try TemporaryFolder()
        let errors = try folder.write("", as: "errors")
        let trace = Process()
        trace.executableURL = URL(filePath: "/usr/bin/strace")
        trace.arguments = [
            "--follow-forks", "--trace=fsync,fdatasync", "--output=\(folder.path("trace"))",
            "--attach=\(program.process)",
        ]
        trace.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        try trace.run()
        try await withCleanup {
            try await eventually("strace to attach") {
                try String(contentsOfFile: errors, encoding: .utf8).contains("attached") || !trace.isRunning
            }
            guard trace.isRunning else {
                throw BenchmarkError(
                    description: "strace: \(try String(contentsOfFile: errors, encoding: .utf8).prefix(500))")
            }
            try await body()
        } cleanup: {
            // SIGKILL, because the process inherits blocked signals from a thread of Foundation; the kernel detaches it.
            kill(trace.processIdentifier, SIGKILL)
            try await eventually("strace to end") { !trace.isRunning }
        }
        let text = try String(contentsOfFile: folder.path("trace"), encoding: .utf8)
        return text.split(separator: "\n").count { $0.contains("sync(") }
    }
}
