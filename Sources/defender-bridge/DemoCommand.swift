import ArgumentParser
import Bridge
import EventLoop
import Foundation
import LocalAWS
import Logging

/// Shows the whole way of findings on this machine.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole way of findings on this machine, without an AWS account.",
        discussion: """
            Starts a bridge beside a stand-in for AWS, has signed messages delivered to it, and shows what Security Hub then \
            holds. Everything stays on this machine and is removed at the end.
            """)

    @Flag(help: "End when all is shown, with exit code 0 only if the findings are as expected.")
    var once = false

    @Option(help: ArgumentHelp("How many findings the audit has.", valueName: "count"))
    var findings = 1000

    func validate() throws {
        guard (24...100_000).contains(findings) else {
            throw ValidationError("--findings must be a number from 24 to 100000.")
        }
    }

    func run() async throws {
        let log = LogSink(level: .warning, format: .text)
        LoggingSystem.bootstrap { BridgeLogHandler(label: $0, control: log) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "defender-bridge-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let loop = try EventLoop(name: "demo")
        let result: Result<Void, any Error>
        do {
            result = .success(try await DemoRun(loop: loop, folder: folder, findings: findings, once: once).run())
        } catch {
            result = .failure(error)
        }
        await loop.shutdown()
        try result.get()
    }
}
