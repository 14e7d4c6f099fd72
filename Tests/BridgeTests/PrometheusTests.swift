import CoreMetrics
import DeviceDefender
import JSON
import Metrics
import Store
import TestSupport
import Testing

@testable import Bridge

@Suite struct PrometheusTests {
    @Test("Series are written in Prometheus's text format, sorted, each metric with its help and type once")
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

    @Test("Durations are written in seconds")
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

    @Test("An empty registry writes nothing")
    func empty() { #expect(PrometheusRegistry().text().isEmpty) }

    @Test("Prometheus's own checker takes what the bridge writes")
    func checked() async throws {
        let registry = PrometheusRegistry(help: BridgeMetrics.help)
        let metrics = BridgeMetrics(factory: registry)
        metrics.received(route: "/sns", outcome: "stored", duration: .milliseconds(3))
        metrics.fault(code: "malformed")
        metrics.crowded(idleClosed: 1, refused: 2)
        metrics.certificateReloaded("failed")
        metrics.certificateExpires(at: 1_800_000_000)
        metrics.retries.increment()
        metrics.deadLetters.increment()
        metrics.importBatch.record(100)
        metrics.countUnchanged(5, kind: .audit)
        let change = try #require(
            Planner.plan(
                [observation()], known: nil, judgement: nil, now: Timestamp(milliseconds: now)))
        metrics.count([change])
        metrics.completed(delivery("1", [:], of: try origin()), now: now + 1500)
        var status = StoreStatus()
        status.oldestReceivedAt = now
        metrics.set(status, now: now + 1000)
        let text = registry.text()
        let names = text.split(separator: "\n").filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
        #expect(Set(names.map(String.init)) == Set(BridgeMetrics.help.keys))

        let promtool = try await Program.run(["promtool", "check", "metrics"], input: Array(text.utf8))
        try #require(promtool.status != 127, "promtool is missing: install Debian's package prometheus")
        #expect(promtool.status == 0 && promtool.text + promtool.errors == "", "\(promtool.text + promtool.errors)")
    }
}
