import Foundation
import HTTPClient
import TestSupport

/// Makes sure that a program does what it is measured for.
struct IntakeCheck: Sendable {
    let program: any IntakeProcess
    let client: HTTPClient
    let messages: SignedMessages

    private static let deliveries = 20

    /// - Throws: ``BenchmarkError`` if a delivery is answered that is not on the disk, a forged one is taken, or one that
    ///   comes again is not.
    func run() async throws {
        let writes = try await writes {
            for body in messages.bodies.prefix(Self.deliveries) {
                try await IntakeWorld.deliver(body, to: program, by: client)
            }
        }
        guard writes >= Self.deliveries else {
            throw BenchmarkError(
                description: "\(program.endpoint) answered \(Self.deliveries) deliveries one after the other, and had "
                    + "the disk write \(writes) times")
        }
        let forged = String(decoding: messages.bodies[Self.deliveries], as: UTF8.self)
            .replacingOccurrences(of: "pump-", with: "pomp-")
        let status = try await IntakeWorld.status(of: Array(forged.utf8), to: program, by: client)
        guard status == 403 else {
            throw BenchmarkError(description: "\(program.endpoint) answered a forged message with \(status)")
        }
        // That it is stored once is what the count of the store says.
        try await IntakeWorld.deliver(messages.bodies[0], to: program, by: client)
    }

    /// How often the program has the disk write while something happens, as the kernel sees it.
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
            // It inherits that a thread of Foundation's blocks the others; the kernel detaches it all the same.
            kill(trace.processIdentifier, SIGKILL)
            try await eventually("strace to end") { !trace.isRunning }
        }
        let text = try String(contentsOfFile: folder.path("trace"), encoding: .utf8)
        return text.split(separator: "\n").count { $0.contains("sync(") }
    }
}
