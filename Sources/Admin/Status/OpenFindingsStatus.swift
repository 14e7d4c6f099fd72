import AWSCore
import JSON
import SecurityFindings
import Store

/// The open findings of all account-Regions for status.json. A pure value.
struct OpenFindingsStatus: Sendable {
    private let counts: [OpenFindings]
    /// The only account-Region; nil if there are several, whose findings no page of the console shows together.
    private let only: AccountRegion?

    /// - Parameter accountRegions: all that are known, with findings or without.
    init(_ counts: [OpenFindings], of accountRegions: [AccountRegion]) {
        self.counts = counts
        only = accountRegions.count == 1 ? accountRegions.first : nil
    }

    /// The member `openFindings` of status.json.
    var json: JSON {
        var members: JSON.Members = [
            "bySeverity": .object(Self.bySeverity(counts)), "bySource": .array(bySource),
            "unsent": .integer(counts.reduce(0) { $0 + $1.unsent }),
        ]
        if let only {
            let urls = LedgerEntry.Severity.allCases.map { severity in
                let url = ConsolePage.openFindings(severity: severity.rawValue, accountRegion: only)
                return (UTF8Text(severity.rawValue), JSON.string(url))
            }
            members["consoleUrls"] = .object(JSON.Members(uniqueKeysWithValues: urls))
        }
        return .object(members)
    }

    /// The most sources; each mapped source that ever had findings counts.
    static let sourceLimit = 100

    private var bySource: [JSON] {
        let groups = Dictionary(grouping: counts.filter { $0.count > 0 }) { UTF8Text($0.sourceName) }
        return groups.sorted { $0.key.description < $1.key.description }.prefix(Self.sourceLimit).map {
            source, counts in
            ["source": .string(source.description), "bySeverity": .object(Self.bySeverity(counts))]
        }
    }

    private static func bySeverity(_ counts: [OpenFindings]) -> JSON.Members {
        var sums = Dictionary(uniqueKeysWithValues: LedgerEntry.Severity.allCases.map { (UTF8Text($0.rawValue), 0) })
        for count in counts where count.severity != nil || count.count > 0 {
            sums[UTF8Text(count.severity?.rawValue ?? "UNKNOWN"), default: 0] += count.count
        }
        return sums.mapValues { .integer($0) }
    }
}

extension OpenFindings {
    /// The mapped source; `audit`, `summary` or `detect` for Device Defender.
    fileprivate var sourceName: String {
        switch kind {
        case .audit: "audit"
        case .summary: "summary"
        case .violation: "detect"
        case .mapped: source ?? "mapped"
        }
    }
}
