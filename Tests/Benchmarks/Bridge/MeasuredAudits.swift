import AWSCore
import Foundation
import LocalAWS

/// What audits cost.
struct AuditMeasurement: Sendable {
    let findings: Int
    let seconds: Double
    /// CPU time of the measured program, in seconds.
    let processorTime: Double
    /// CPU time of this process, which serves AWS, in seconds.
    let standInTime: Double
    /// The number of requests that imported findings.
    let imports: Int
    /// Peak resident memory of the program, in bytes.
    let peak: Int

    /// CPU time of the program for each finding, in microseconds.
    var microseconds: Double { processorTime / Double(findings) * 1e6 }
    /// CPU time of the stand-in for each finding, in microseconds.
    var standInMicroseconds: Double { standInTime / Double(findings) * 1e6 }
    var rate: Double { Double(findings) / seconds }

    static let heading = """
        | program | measured | seconds | findings/s | µs of CPU each | µs of the stand-in's CPU each | imports |
        |---|---|---|---|---|---|---|
        """

    /// Prints the measurement as a table row.
    func printRow(_ program: String, _ name: String) {
        print(
            "| \(program) | \(name) | \(Statistics.text(seconds, digits: 2)) | \(Int(rate)) "
                + "| \(Statistics.text(microseconds)) | \(Statistics.text(standInMicroseconds)) | \(imports) |")
        // Readers of a pipe see results immediately, too.
        fflush(nil)
    }
}

extension AuditEnvironment {
    /// Announces audits at once, and waits until all are imported.
    ///
    /// - Parameter audits: each with the topic of its account.
    func measure(
        _ audits: [(audit: PreparedAudit, topic: ARN)], by bridge: ServedBridge
    ) async throws -> AuditMeasurement {
        for (audit, _) in audits { aws.add(audit) }
        let notifications = try notifications(audits, to: bridge)
        let queue = try await bridge.queue()
        let before = try bridge.usage()
        let (imports, own) = (aws.calls(of: .batchImportFindings), ProcessUsage.ownProcessorTime)
        let start = ContinuousClock.now
        try await deliver(notifications, to: bridge)
        try await bridge.waitForNext(audits.count, after: queue, asking: .milliseconds(100))
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let after = try bridge.usage()
        return AuditMeasurement(
            findings: audits.reduce(0) { $0 + $1.audit.findings.count }, seconds: seconds,
            processorTime: after.processorTime - before.processorTime,
            standInTime: ProcessUsage.ownProcessorTime - own,
            imports: aws.calls(of: .batchImportFindings) - imports, peak: after.peak)
    }
}
