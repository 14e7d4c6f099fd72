import Encoding
package import JSON
import Telemetry

/// The document of `/status.json` as lines of text: health, problems, account-Regions and sources with problems, queue, dead
/// letters. A pure value.
///
/// The document may come from a bridge of another version; members that are missing or `null` are unknown.
package struct StatusText: Sendable {
    private let status: JSON

    /// - Parameter status: the document.
    package init(_ status: JSON) { self.status = status }

    /// Whether the health is critical: findings do not reach Security Hub, are late or are being lost.
    package var isCritical: Bool {
        guard let state = status["health"]?["state"]?.string,
            [Health.State.working, .attention].contains(where: { $0.rawValue == state })
        else { return true }
        return problems.contains(where: isCritical)
    }

    /// The lines.
    ///
    /// - Parameter marked: colors a word for the severity of a problem.
    package func lines(marking marked: (_ word: String, _ isCritical: Bool) -> String = { word, _ in word }) -> [String]
    {
        let sections = [
            [summary], problems.flatMap { lines(of: $0, marked) }, table, queue,
        ]
        return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
    }

    // MARK: Health

    private var summary: String {
        let state = status["health"]?["state"]?.string ?? "unknown"
        let uptime = status["uptimeSeconds"].map { ", up \(age($0))" } ?? ""
        return "Defender Bridge \(status["version"]?.string ?? ""): \(state)\(uptime)".escapingControls()
    }

    private var problems: [JSON] { status["health"]?["problems"]?.array ?? [] }

    private func isCritical(_ problem: JSON) -> Bool {
        problem["severity"]?.string == HealthProblem.Severity.critical.rawValue
    }

    /// The problem, and below it the remediation as in the output of `check`, the commands, and the first affected places.
    private func lines(of problem: JSON, _ marked: (String, Bool) -> String) -> [String] {
        let word = problem["severity"]?.string ?? "problem"
        let padding = String(repeating: " ", count: max(12 - word.count, 0))
        let summary = (problem["summary"]?.string ?? "").escapingControls()
        let remediation = problem["remediation"]?.string ?? ""
        let more = (remediation.isEmpty ? [] : ["→ " + remediation]) + commands(of: problem) + places(of: problem)
        return [marked(word.escapingControls(), isCritical(problem)) + padding + summary]
            + more.map { "            " + $0.escapingControls() }
    }

    private func commands(of problem: JSON) -> [String] {
        (problem["commands"]?.array ?? []).compactMap(\.string).map { "$ " + $0 }
    }

    /// Nothing if only one place is affected: the summary names it.
    private func places(of problem: JSON) -> [String] {
        let all = problem["affected"]?.array ?? []
        let omitted = problem["affectedOmitted"]?.integer ?? 0
        guard all.count > 1 else { return [] }
        let lines = all.prefix(Self.placeLimit).map { place in
            let names = ["account", "region", "source"].compactMap { place[$0]?.string }
            return (names.isEmpty ? "all" : names.joined(separator: "/"))
                + (place["detail"]?.string.map { ": " + $0 } ?? "")
        }
        let (count, isOver) = Int64(all.count - lines.count).addingReportingOverflow(max(omitted, 0))
        let rest = isOver ? Int64.max : count
        return lines + (rest > 0 ? ["and \(rest) more; see --json or the status page"] : [])
    }

    /// The most affected places that are shown for a problem.
    private static let placeLimit = 5

    // MARK: Account-Regions and sources

    /// The account-Regions and sources with problems.
    private var table: [String] {
        let accountRegions = (status["accountRegions"]?.array ?? []).map { row in
            ("\(row["account"]?.string ?? "")/\(row["region"]?.string ?? "")", row, words(of: row, denied: "denied"))
        }
        let sources = (status["sources"]?.array ?? []).map { row in
            ("source \(row["name"]?.string ?? "")", row, words(of: row, denied: "suspended"))
        }
        let rows = (accountRegions + sources).filter { !$0.2.isEmpty }.map { name, row, words in
            [
                name, count(row["pending"]), count(row["leased"]), count(row["dead"]),
                age(of: row["oldestPendingAt"]), words.joined(separator: ", "),
            ]
        }
        let head = ["account/Region", "pending", "leased", "dead", "oldest", "problems"]
        return rows.isEmpty ? [] : TextTable.lines([head] + rows, alignedRight: 1...4)
    }

    /// The problems of an account-Region or source, in the words of the status page.
    private func words(of row: JSON, denied word: String) -> [String] {
        let isDenied = row["denied"]?.object != nil || (row["denied"]?.integer ?? 0) > 0
        let isPaused = row["paused"]?.bool == true
        let isLate =
            (ageSeconds(of: row["oldestPendingAt"]) ?? 0) > QueueProblems.longestWait.components.seconds && !isPaused
            && !isDenied
        return [
            isDenied ? word : nil, isLate ? "late" : nil, isPaused ? "paused" : nil,
            row["configured"]?.bool == false ? "not configured" : nil,
            (row["dead"]?.integer ?? 0) > 0 ? "dead letters" : nil,
        ].compactMap(\.self)
    }

    // MARK: Queue and dead letters

    private var queue: [String] {
        guard let queue = status["queue"], queue.object != nil else {
            return ["Queue and dead letters: unknown, the store is unavailable"]
        }
        let counts = ["pending", "leased", "completed"].map { "\($0) \(count(queue[$0]))" }.joined(separator: ", ")
        let oldest = queue["oldestReceivedAt"]?.string == nil ? "" : ", oldest \(age(of: queue["oldestReceivedAt"]))"
        let letters = status["deadLetters"]
        return [
            "Queue: \(counts)\(oldest)",
            "Dead letters: \(count(letters?["total"])), \(count(letters?["bytes"])) bytes, dropped \(count(letters?["dropped"]))",
        ]
    }

    private func count(_ value: JSON?) -> String { value?.integer.map { "\($0)" } ?? "-" }

    /// The age of a time in the document, at the time of the document.
    private func age(of time: JSON?) -> String { ageSeconds(of: time).map { AgeText.text(.seconds($0)) } ?? "-" }

    private func ageSeconds(of time: JSON?) -> Int64? {
        guard let now = status["at"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let then = time?.string.flatMap({ Timestamp(iso8601: $0) })
        else { return nil }
        return max(now - then, .zero).components.seconds
    }

    private func age(_ value: JSON?) -> String { value?.integer.map { AgeText.text(.seconds($0)) } ?? "-" }
}
