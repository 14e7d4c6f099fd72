import ArgumentParser
import Bridge
import Encoding
import EventLoop
import FoundationEssentials
import LocalAWS
import Logging
import Telemetry

/// Runs an end-to-end demo on this machine.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run an end-to-end demo on this machine. No AWS account needed.",
        discussion: """
            Starts a bridge and a local simulation of AWS, publishes signed messages, posts an alert like Prometheus \
            Alertmanager and a CloudWatch alarm of a device, and prints the findings that Security Hub then has. Nothing leaves this machine; all files are \
            deleted at the end.

            Example:
              defender-bridge demo --once --findings 5000
            """)

    @Flag(
        help:
            "Exit after the last step, with exit code 0 only if the findings are as expected. Default: run until Ctrl-C."
    )
    var once = false

    @Option(help: ArgumentHelp("Number of findings in the audit, from 24 to 100000.", valueName: "number"))
    var findings = 1000

    func validate() throws {
        guard (24...100_000).contains(findings) else {
            throw ValidationError("Use a number of --findings from 24 to 100000.")
        }
    }

    func run() async throws {
        let log = LogSink(level: .warning, format: .text)
        LoggingSystem.bootstrap { BridgeLogHandler(label: $0, sink: log) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "defender-bridge-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let loop = try EventLoop(name: "demo")
        try await withCleanup {
            try await DemoRun(loop: loop, folder: folder, findings: findings, once: once).run()
        } cleanup: {
            await loop.shutdown()
        }
    }
}
