import CoreMetrics
import Metrics

/// The counters of one metric, by the values of its labels.
///
/// The usual ones are made once: so they begin at 0, and no lock that all threads share is taken for them.
struct CounterTable: Sendable {
    private let name: String
    private let labels: [String]
    private let factory: any MetricsFactory
    private let predefined: [[String]: Counter]

    /// - Parameters:
    ///   - labels: the names of the labels.
    ///   - predefined: the values of those counters that are made at once; others are made when they are first needed, and
    ///     whoever counts sees to it that there are not many.
    init(_ name: String, _ labels: [String], predefined: [[String]], _ factory: any MetricsFactory) {
        self.name = name
        self.labels = labels
        self.factory = factory
        self.predefined = Dictionary(
            predefined.map { ($0, Self.counter(name, labels, $0, factory)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Counts.
    ///
    /// - Parameter values: one for each label.
    func add(_ count: Int = 1, _ values: String...) {
        guard count > 0 else { return }
        (predefined[values] ?? Self.counter(name, labels, values, factory)).increment(by: count)
    }

    private static func counter(
        _ name: String, _ labels: [String], _ values: [String], _ factory: any MetricsFactory
    ) -> Counter {
        Counter(label: name, dimensions: Array(zip(labels, values)), factory: factory)
    }
}

/// A few series of one metric, made once, by the value of its label.
struct MetricTable<Metric: Sendable>: Sendable {
    private let metrics: [String: Metric]

    init(_ values: [String], make: (String) -> Metric) {
        metrics = Dictionary(values.map { ($0, make($0)) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(value: String) -> Metric? { metrics[value] }
}
