import Store
import Synchronization
import Telemetry

/// The series of the metric of open findings.
///
/// The first ``limit`` combinations of account, Region, kind and source have series of their own. All others share the
/// label value `other`, so that the number of series is bounded whatever reports findings.
final class OpenFindingsSeries: Sendable {
    private struct Place: Hashable, Comparable {
        let account: String
        let region: String
        let kind: LedgerEntry.Kind
        /// Nil for Device Defender.
        let source: String?

        private var key: (String, String, String, String) { (account, region, kind.rawValue, source ?? "") }

        static func < (left: Self, right: Self) -> Bool { left.key < right.key }
    }

    /// Most combinations with series of their own.
    static let limit = 500
    private let state: Mutex<SeriesLimiter<Place>>

    init(limit: Int = OpenFindingsSeries.limit) { state = Mutex(SeriesLimiter(limit)) }

    /// The metric: for each combination that has open findings, a series for each severity.
    ///
    /// - Parameter sourceLabel: the value of the label `source` for the name of a mapped source.
    func family(
        _ findings: [OpenFindings], _ accountRegions: LabelCardinalityLimiter, sourceLabel: (String) -> String
    ) -> MetricFamily {
        var known: [Place: [LedgerEntry.Severity?: Int]] = [:]
        for open in findings where open.count > 0 {
            let (account, region) = accountRegions.labels(of: open.accountRegion)
            let place = Place(
                account: account, region: region, kind: open.kind, source: open.source.map(sourceLabel))
            known[place, default: [:]][open.severity, default: 0] += open.count
        }
        var counts: [Place: [LedgerEntry.Severity?: Int]] = [:]
        for (place, numbers) in known.sorted(by: { $0.key < $1.key }) {
            counts[admitted(place), default: [:]].merge(numbers, uniquingKeysWith: +)
        }
        return MetricFamily("defender_bridge_open_findings", counts.flatMap { Self.samples($0, $1) })
    }

    private func admitted(_ place: Place) -> Place {
        let other = LabelCardinalityLimiter.other
        return state.withLock { $0.admits(place) }
            ? place : Place(account: other, region: other, kind: place.kind, source: place.source.map { _ in other })
    }

    private static func samples(_ place: Place, _ counts: [LedgerEntry.Severity?: Int]) -> [MetricFamily.Sample] {
        func sample(_ severity: String, _ count: Int) -> MetricFamily.Sample {
            var labels = [("account", place.account), ("kind", place.kind.rawValue), ("region", place.region)]
            labels.append(("severity", severity))
            if let source = place.source { labels.append(("source", source)) }
            return MetricFamily.Sample(labels, Double(count))
        }
        // Only findings of early versions have no severity in the ledger.
        let unknown = counts[nil].map { [sample("unknown", $0)] } ?? []
        return LedgerEntry.Severity.allCases.map { sample($0.rawValue.lowercased(), counts[$0] ?? 0) } + unknown
    }
}
