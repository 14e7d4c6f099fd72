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

    /// The problem, and a second line with the remediation, as in the output of `check`.
    private func lines(of problem: JSON, _ marked: (String, Bool) -> String) -> [String] {
        let word = problem["severity"]?.string ?? "problem"
        let padding = String(repeating: " ", count: max(12 - word.count, 0))
        let summary = (problem["summary"]?.string ?? "").escapingControls()
        let remediation = (problem["remediation"]?.string ?? "").escapingControls()
        return [marked(word.escapingControls(), isCritical(problem)) + padding + summary]
            + (remediation.isEmpty ? [] : ["            → " + remediation])
    }

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
                age(row["oldestPendingAgeSeconds"]), words.joined(separator: ", "),
            ]
        }
        let head = ["account/Region", "pending", "leased", "dead", "oldest", "problems"]
        return rows.isEmpty ? [] : TextTable.lines([head] + rows, alignedRight: 1...4)
    }

    /// A delivery older than this is late, as on the status page; in seconds.
    private static let lateAfter: Int64 = 60

    /// The problems of an account-Region or source, in the words of the status page.
    private func words(of row: JSON, denied word: String) -> [String] {
        let isDenied = row["denied"]?.object != nil || (row["denied"]?.integer ?? 0) > 0
        let isPaused = row["paused"]?.bool == true
        let isLate = (row["oldestPendingAgeSeconds"]?.integer ?? 0) > Self.lateAfter && !isPaused && !isDenied
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
        let oldest = queue["oldestAgeSeconds"]?.integer == nil ? "" : ", oldest \(age(queue["oldestAgeSeconds"]))"
        let letters = status["deadLetters"]
        return [
            "Queue: \(counts)\(oldest)",
            "Dead letters: \(count(letters?["total"])), \(count(letters?["bytes"])) bytes, dropped \(count(letters?["dropped"]))",
        ]
    }

    private func count(_ value: JSON?) -> String { value?.integer.map { "\($0)" } ?? "-" }

    private func age(_ value: JSON?) -> String { value?.integer.map { AgeText.text(.seconds($0)) } ?? "-" }
}
