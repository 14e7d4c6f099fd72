import CoreMetrics
import Metrics
import Testing

@testable import Telemetry

@Suite("Prometheus registry") struct PrometheusTests {
    @Test("Series are rendered sorted, with help and type once for each metric")
    func text() {
        let registry = PrometheusRegistry(help: ["b_total": "Things."])
        Counter(label: "b_total", dimensions: [("z", "1"), ("a", "x\"\\\ny")], factory: registry).increment(by: 3)
        Counter(label: "b_total", dimensions: [("a", "b")], factory: registry).increment()
        Counter(label: "b_total", dimensions: [("a", "b")], factory: registry).increment()
        Gauge(label: "a_degrees", dimensions: [], factory: registry).record(1.5)
        Gauge(label: "a_degrees", dimensions: [], factory: registry).record(-2)
        let sizes = Recorder(label: "c_items", dimensions: [("k", "v")], aggregate: true, factory: registry)
        for size in [1, 7, 5000] { sizes.record(size) }
        #expect(
            registry.text() == """
                # TYPE a_degrees gauge
                a_degrees -2
                # HELP b_total Things.
                # TYPE b_total counter
                b_total{a="b"} 2
                b_total{a="x\\"\\\\\\ny",z="1"} 3
                # TYPE c_items histogram
                c_items_bucket{k="v",le="1"} 1
                c_items_bucket{k="v",le="2"} 1
                c_items_bucket{k="v",le="5"} 1
                c_items_bucket{k="v",le="10"} 2
                c_items_bucket{k="v",le="20"} 2
                c_items_bucket{k="v",le="50"} 2
                c_items_bucket{k="v",le="100"} 2
                c_items_bucket{k="v",le="200"} 2
                c_items_bucket{k="v",le="500"} 2
                c_items_bucket{k="v",le="1000"} 2
                c_items_bucket{k="v",le="+Inf"} 3
                c_items_sum{k="v"} 5008
                c_items_count{k="v"} 3

                """)
    }

    @Test("Durations are rendered in seconds")
    func durations() {
        let registry = PrometheusRegistry()
        let timer = Metrics.Timer(label: "t_seconds", dimensions: [], factory: registry)
        timer.recordMilliseconds(30)
        timer.recordNanoseconds(1_000_000)
        let lines = registry.text().split(separator: "\n")
        #expect(
            lines.contains("t_seconds_bucket{le=\"0.001\"} 1") && lines.contains("t_seconds_bucket{le=\"0.025\"} 1"))
        #expect(lines.contains("t_seconds_bucket{le=\"0.05\"} 2") && lines.contains("t_seconds_count 2"))
        #expect(lines.contains("t_seconds_sum 0.031"))
    }

    @Test("An empty registry renders nothing")
    func empty() { #expect(PrometheusRegistry().text().isEmpty) }

    @Test("Families collected at scrape time are merged with recorded series, sorted, with help and type once")
    func families() {
        let registry = PrometheusRegistry(help: ["b_total": "Things."], buckets: ["d_seconds": [1, 7200]])
        Counter(label: "c_total", dimensions: [], factory: registry).increment()
        Metrics.Timer(label: "d_seconds", dimensions: [], factory: registry).recordSeconds(3600)
        let text = registry.text(with: [
            MetricFamily("e_bytes", 5), MetricFamily("b_total", .counter, 0.25),
            MetricFamily("a_items", [.init([("x", "2\"")], 1), .init([("x", "1")], 2)]),
        ])
        #expect(
            text == """
                # TYPE a_items gauge
                a_items{x="1"} 2
                a_items{x="2\\""} 1
                # HELP b_total Things.
                # TYPE b_total counter
                b_total 0.25
                # TYPE c_total counter
                c_total 1
                # TYPE d_seconds histogram
                d_seconds_bucket{le="1"} 0
                d_seconds_bucket{le="7200"} 1
                d_seconds_bucket{le="+Inf"} 1
                d_seconds_sum 3600
                d_seconds_count 1
                # TYPE e_bytes gauge
                e_bytes 5

                """)
    }
}
