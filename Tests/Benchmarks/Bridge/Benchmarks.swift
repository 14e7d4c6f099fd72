import ArgumentParser

/// Measurements of the release build. Results are compared within one run, so that the machine's speed does not matter.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks", abstract: "Measures the bridge's release build.",
        subcommands: [
            AlarmsBenchmark.self, AuditBenchmark.self, CoresBenchmark.self, IntakeBenchmark.self, LimitsBenchmark.self,
            MappingBenchmark.self, ReplicaBenchmark.self, FaultInjectionBenchmark.self, ObservabilityBenchmark.self,
            ScaleBenchmark.self, WebhookBenchmark.self, BridgeCommand.self,
        ])
}

/// Why a measurement was aborted or failed.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
}
