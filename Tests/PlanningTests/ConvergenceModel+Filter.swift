import DeviceDefender
import Encoding
import Fixtures
import SecurityFindings
import Store
import TestSupport

@testable import Planning

/// The filters of the histories.
extension ConvergenceModel {
    /// Whether the filter keeps a finding out of Security Hub.
    func isHidden(_ id: String) -> Bool { ledger[id].map(mapping.filter.hides) ?? false }

    /// Compares all findings with the filter, as reports and catch-up do. Twice, because Security Hub may lack a finding
    /// whose verification is applied.
    mutating func compareWithFilter() throws {
        for _ in 0..<2 {
            let violations = ledger.values.filter { $0.kind == .violation }.map(\.id).sorted()
            // An end before all events changes nothing.
            try processAlarms(violations.map { .ended(findingID: $0, asOf: .earliest) })
            let others = ledger.values.filter { $0.kind != .violation }.map(\.id).sorted()
            try apply(
                others.compactMap(stored).compactMap { entry in
                    Planner.plan(
                        [], known: entry, disposition: entry.kind == .audit ? dispositions[entry.subject] : nil,
                        mapping: mapping, now: now)
                })
        }
    }

    /// Filters that hide some of the findings of histories.
    static func filters() throws -> [FindingFilter] {
        let checks = EventGenerator.checks
        return [
            .none, FindingFilter(minimumSeverity: .high), FindingFilter(minimumSeverity: .critical),
            FindingFilter(exclude: try NamePatterns(entries: [checks[0], ItemEvent.source])),
            FindingFilter(include: try NamePatterns(entries: ["*/*", "east"])),
            FindingFilter(
                include: try NamePatterns(entries: ["DEVICE_*", "pl?nt"]),
                exclude: try NamePatterns(entries: ["east"])),
        ]
    }
}
