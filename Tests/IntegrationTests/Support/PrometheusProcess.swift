import Foundation
import JSON
import TestSupport
import Testing

/// A real Prometheus that scrapes bridges each second, with the alert rules of `deploy/prometheus`.
final class PrometheusProcess: Sendable {
    /// An alert that is pending or fires, with its labels and its texts.
    struct Alert: Sendable, Hashable {
        let name: String
        let labels: [String: String]
        let texts: [String: String]
        let isFiring: Bool
    }

    private let folder: TemporaryFolder
    private let program: RunningProgram
    private let address: String

    /// Starts Prometheus.
    ///
    /// - Parameters:
    ///   - addresses: the bridges' admin addresses.
    ///   - replacing: texts of the rules to replace, such as long durations. Each text must occur exactly once.
    ///     Alerts never wait longer than a second before they fire.
    init(scraping addresses: [String], replacing changes: [String: String] = [:], in world: IntegrationEnvironment)
        async throws
    {
        folder = try TemporaryFolder()
        var rules = try String(contentsOfFile: Paths.inPackage("deploy/prometheus/alerts.yaml"), encoding: .utf8)
        for (original, replacement) in changes {
            try #require(rules.components(separatedBy: original).count == 2, "\(original) is not there once")
            rules = rules.replacingOccurrences(of: original, with: replacement)
        }
        rules.replace(#/for: \d+[mh]/#, with: "for: 1s")
        try folder.write(rules, as: "alerts.yaml")
        let targets = addresses.map { "\"\($0)\"" }.joined(separator: ", ")
        let configuration = try folder.write(
            """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: [alerts.yaml]
            scrape_configs:
              - job_name: defender-bridge
                static_configs:
                  - targets: [\(targets)]
            """, as: "prometheus.yaml")
        address = try Client.freeAddress()
        program = try RunningProgram([
            "prometheus", "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.path)/data",
            "--web.listen-address=\(address)",
        ])
        world.keep(program)
        try await eventually("Prometheus to scrape all bridges", within: .seconds(60)) {
            let answer = try? await ask("/api/v1/targets")
            let targets = answer?["data"]?["activeTargets"]?.array ?? []
            return (targets.count { $0["health"] == "up" }, program.errorLines.suffix(3))
        } is: {
            $0.0 == addresses.count
        }
    }

    /// The alerts that are pending or fire now.
    func alerts() async throws -> [Alert] {
        let answer = try await ask("/api/v1/alerts")
        return try #require(answer["data"]?["alerts"]?.array).map { alert in
            func texts(_ name: String) throws -> [String: String] {
                let members = try #require(alert[name]?.object)
                return Dictionary(
                    uniqueKeysWithValues: members.compactMap { name, value in value.string.map { (name.string, $0) } })
            }
            var labels = try texts("labels")
            return Alert(
                name: labels.removeValue(forKey: "alertname") ?? "", labels: labels,
                texts: try texts("annotations"),
                isFiring: alert["state"] == "firing")
        }
    }

    /// Waits until an alert fires and checks its texts.
    ///
    /// - Parameter labels: labels that the alert must have, among others.
    @discardableResult
    func waitForAlert(_ name: String, _ labels: [String: String] = [:]) async throws -> Alert {
        let firing = try await eventually("\(name) to fire", within: .seconds(60)) {
            try await alerts()
        } is: {
            $0.contains { $0.isFiring && $0.name == name && $0.says(labels) }
        }
        let alert = try #require(firing.first { $0.isFiring && $0.name == name && $0.says(labels) })
        for (kind, text) in alert.texts {
            #expect(
                !text.contains("{{") && !text.contains("no value") && !text.contains("<error expanding template"),
                "\(kind): \(text)")
        }
        return alert
    }

    /// Repeats an action until an alert fires: the increase of a counter is visible only between two scrapes.
    func waitForAlert(
        _ name: String, _ labels: [String: String] = [:], repeating action: @escaping @Sendable () async throws -> Void
    ) async throws {
        let acting = Task {
            while !Task.isCancelled {
                try await action()
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        let alerting = await Result { try await waitForAlert(name, labels) }
        acting.cancel()
        _ = await acting.result
        _ = try alerting.get()
    }

    /// Waits until alerts no longer fire.
    func waitForEnd(of names: Set<String>) async throws {
        try await eventually("\(names) to end", within: .seconds(60)) {
            Set(try await alerts().filter(\.isFiring).map(\.name)).intersection(names)
        } is: {
            $0.isEmpty
        }
    }

    /// How often a bridge has restarted since Prometheus first scraped it.
    func starts(of address: String) async throws -> Int {
        try await value(of: #"changes(process_start_time_seconds{instance="\#(address)"}[10m])"#)
    }

    /// The value of the first series of an expression; 0 if there is none.
    func value(of expression: String) async throws -> Int {
        let query = try #require(expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await ask("/api/v1/query?query=\(query)")
        guard let series = answer["data"]?["result"]?.array?.first else { return 0 }
        return try #require(series["value"]?.array?.last?.string.flatMap { Int($0) })
    }

    /// Uses HTTP/1.0, since Prometheus would otherwise send long responses in chunks.
    private func ask(_ path: String) async throws -> JSON {
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
        return try await onThread {
            let socket = try ClientSocket(port: port)
            defer { socket.close() }
            socket.send(Array("GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8))
            let bytes = socket.read(.max)
            let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)), "no answer")
            return try JSON(parsing: Array(bytes[end.upperBound...]))
        }
    }
}

extension Result where Failure == any Error {
    /// The value that a body returns, or the error that it throws.
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension PrometheusProcess.Alert {
    fileprivate func says(_ labels: [String: String]) -> Bool { labels.allSatisfy { self.labels[$0.key] == $0.value } }
}
