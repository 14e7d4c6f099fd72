import ArgumentParser

/// Measurements of the release build. What they say is compared within one run: the machine's speed decides nothing.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks", abstract: "Measures the bridge's release build.",
        subcommands: [
            AuditBenchmark.self, IntakeBenchmark.self, LimitsBenchmark.self, ManyBenchmark.self, TroubleBenchmark.self,
            ObservabilityBenchmark.self, BridgeCommand.self,
        ])
}

/// Why a measurement was broken off or failed.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
}
