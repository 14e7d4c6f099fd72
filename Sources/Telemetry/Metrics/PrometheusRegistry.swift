package import CoreMetrics
import Synchronization

/// A swift-metrics backend that renders metrics in Prometheus's text format (version 0.0.4).
package final class PrometheusRegistry: MetricsFactory, Sendable {
    /// The content type of ``text()``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct Dimension: Hashable, Sendable {
        let name: String
        let value: String

        /// The label in the text format.
        var label: String { "\(name)=\"\(PrometheusRegistry.escaped(value))\"" }
    }

    private struct Key: Hashable, Sendable {
        let name: String
        let dimensions: [Dimension]

        var labels: [String] { dimensions.map(\.label) }
    }

    private enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private let series = Mutex<[Key: Series]>([:])
    private let help: [String: String]
    private let buckets: [String: [Double]]

    /// Creates an empty registry.
    ///
    /// - Parameters:
    ///   - help: help texts, by metric name.
    ///   - buckets: upper bounds of histogram buckets, by metric name; others have the default bounds.
    package init(help: [String: String] = [:], buckets: [String: [Double]] = [:]) {
        self.help = help
        self.buckets = buckets
    }

    // MARK: Creating

    private func find<Found: Sendable>(
        _ name: String, _ dimensions: [(String, String)], make: () -> Series, as cast: (Series) -> Found?
    ) -> Found {
        // Runs for each request: what only the output needs is done when the output is written.
        let dimensions = dimensions.map { Dimension(name: $0.0, value: $0.1) }.sorted { $0.name < $1.name }
        return series.withLock { series in
            let key = Key(name: name, dimensions: dimensions)
            if let found = series[key].flatMap(cast) { return found }
            let made = make()
            series[key] = made
            guard let found = cast(made) else {
                preconditionFailure("the metric exists with another type")
            }
            return found
        }
    }

    /// Creates a counter; its name should end in `_total`.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions, make: { .counter(CounterSeries()) }) {
            if case .counter(let made) = $0 { made } else { nil }
        }
    }

    /// Creates a gauge, or a histogram if `aggregate` is true.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else {
            return find(label, dimensions, make: { .gauge(GaugeSeries()) }) {
                if case .gauge(let made) = $0 { made } else { nil }
            }
        }
        return find(
            label, dimensions, make: { .histogram(HistogramSeries(bounds: buckets[label] ?? HistogramSeries.counts)) }
        ) {
            if case .histogram(let made) = $0 { made } else { nil }
        }
    }

    /// Creates a histogram of durations, rendered in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(
            label, dimensions, make: { .histogram(HistogramSeries(bounds: buckets[label] ?? HistogramSeries.seconds)) }
        ) {
            if case .histogram(let made) = $0 { made } else { nil }
        }
    }

    /// Does nothing: series stay for the life of the process.
    package func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing: series stay for the life of the process.
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing: series stay for the life of the process.
    package func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: Writing

    /// All series in the text format, sorted by name and labels.
    package func text() -> String { text(with: []) }

    /// All series, together with families that are collected at scrape time.
    package func text(with families: [MetricFamily]) -> String {
        var written = series.withLock { Array($0) }.map { key, series in
            Written(
                name: key.name, type: Self.type(series), labels: key.labels.joined(separator: ","),
                lines: Self.samples(key, series))
        }
        for family in families {
            written += family.samples.map { sample in
                let labels = sample.labels.map { Dimension(name: $0.0, value: $0.1).label }.joined(separator: ",")
                return Written(
                    name: family.name, type: family.kind.rawValue, labels: labels,
                    lines: ["\(Self.name(family.name, labels)) \(Self.number(sample.value))"])
            }
        }
        written.sort { ($0.name, $0.labels) < ($1.name, $1.labels) }
        var text = ""
        var last: String?
        for series in written {
            if series.name != last {
                if let help = help[series.name] { text += "# HELP \(series.name) \(help)\n" }
                text += "# TYPE \(series.name) \(series.type)\n"
                last = series.name
            }
            for line in series.lines { text += line + "\n" }
        }
        return text
    }

    /// One series in the output.
    private struct Written {
        let name: String
        let type: String
        let labels: String
        let lines: [String]
    }

    private static func type(_ series: Series) -> String {
        switch series {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private static func name(_ name: String, _ labels: String) -> String {
        name + (labels.isEmpty ? "" : "{\(labels)}")
    }

    private static func samples(_ key: Key, _ series: Series) -> [String] {
        func name(_ suffix: String = "", _ more: [String] = []) -> String {
            Self.name(key.name + suffix, (key.labels + more).joined(separator: ","))
        }
        switch series {
        case .counter(let counter): return ["\(name()) \(counter.value.load(ordering: .relaxed))"]
        case .gauge(let gauge): return ["\(name()) \(number(gauge.value.withLock { $0 }))"]
        case .histogram(let histogram):
            let values = histogram.values.withLock { $0 }
            var cumulative = 0
            var lines: [String] = []
            for (bound, count) in zip(histogram.bounds + [.infinity], values.buckets) {
                cumulative += count
                let label = "le=\"\(bound.isInfinite ? "+Inf" : number(bound))\""
                lines.append("\(name("_bucket", [label])) \(cumulative)")
            }
            return lines + ["\(name("_sum")) \(number(values.sum))", "\(name("_count")) \(cumulative)"]
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

private final class CounterSeries: CounterHandler {
    let value = Atomic<Int64>(0)
    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
}

private final class GaugeSeries: RecorderHandler {
    let value = Mutex(0.0)
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { self.value.withLock { $0 = value } }
}

private final class HistogramSeries: RecorderHandler, TimerHandler {
    /// Default upper bounds for counts.
    static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    /// Default upper bounds for durations, in seconds.
    static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600,
    ]

    struct Values {
        /// The number of values for each bound, and of larger ones.
        var buckets: [Int]
        var sum = 0.0
    }

    let bounds: [Double]
    let values: Mutex<Values>

    init(bounds: [Double]) {
        self.bounds = bounds
        values = Mutex(Values(buckets: [Int](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        values.withLock { values in
            values.buckets[index] += 1
            values.sum += value
        }
    }
}

/// A metric whose values are collected at scrape time.
package struct MetricFamily: Sendable {
    /// The type of the metric in the text format.
    package enum Kind: String, Sendable {
        case counter
        case gauge
    }

    /// One series of the metric.
    package struct Sample: Sendable {
        /// Names and values, sorted by name.
        package let labels: [(String, String)]
        /// The value.
        package let value: Double

        /// Creates a series.
        package init(_ labels: [(String, String)] = [], _ value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    /// The name.
    package let name: String
    /// The type.
    package var kind = Kind.gauge
    /// The series.
    package let samples: [Sample]

    /// Creates a gauge with several series.
    package init(_ name: String, _ samples: [Sample]) {
        self.name = name
        self.samples = samples
    }

    /// Creates a metric with several series.
    package init(_ name: String, _ kind: Kind, _ samples: [Sample]) {
        self.init(name, samples)
        self.kind = kind
    }

    /// Creates a gauge with one series.
    package init(_ name: String, _ value: some BinaryInteger) { self.init(name, .gauge, Double(value)) }

    /// Creates a metric with one series.
    package init(_ name: String, _ kind: Kind, _ value: Double) {
        self.name = name
        self.kind = kind
        samples = [Sample([], value)]
    }
}
