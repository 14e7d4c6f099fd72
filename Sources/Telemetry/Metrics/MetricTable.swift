package import CoreMetrics
import Metrics

/// The counters of one metric, by label values.
///
/// Predefined counters are created once: they start at 0 in the output, and counting takes no lock shared by all threads.
package struct CounterTable: Sendable {
    private let name: String
    private let labels: [String]
    private let factory: any MetricsFactory
    private let predefined: [[String]: Counter]

    /// - Parameters:
    ///   - labels: label names.
    ///   - predefined: label values of the counters created immediately. Others are created on first use; the caller bounds their
    ///     number.
    package init(_ name: String, _ labels: [String], predefined: [[String]], _ factory: any MetricsFactory) {
        self.name = name
        self.labels = labels
        self.factory = factory
        self.predefined = Dictionary(
            predefined.map { ($0, Self.counter(name, labels, $0, factory)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Increments a counter.
    ///
    /// - Parameter values: the label values, one for each label name.
    package func add(_ count: Int = 1, _ values: String...) {
        guard count > 0 else { return }
        (predefined[values] ?? Self.counter(name, labels, values, factory)).increment(by: count)
    }

    private static func counter(
        _ name: String, _ labels: [String], _ values: [String], _ factory: any MetricsFactory
    ) -> Counter {
        Counter(label: name, dimensions: Array(zip(labels, values)), factory: factory)
    }
}

/// A few predefined series of one metric, by label value.
package struct MetricTable<Metric: Sendable>: Sendable {
    private let metrics: [String: Metric]

    /// Creates the series.
    ///
    /// - Parameters:
    ///   - values: the label values.
    ///   - make: creates the series of a label value.
    package init(_ values: [String], make: (String) -> Metric) {
        metrics = Dictionary(values.map { ($0, make($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The series of a label value; nil if it is not predefined.
    package subscript(value: String) -> Metric? { metrics[value] }
}
