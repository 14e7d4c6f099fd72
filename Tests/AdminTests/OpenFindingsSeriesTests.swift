import AWSCore
import Fixtures
import Store
import Testing

@testable import Admin
@testable import Telemetry

@Suite("Series of open findings") struct OpenFindingsSeriesTests {
    private func accountRegion(_ number: Int) throws -> AccountRegion {
        AccountRegion(
            account: try #require(AccountID(String(111_122_220_000 + number))),
            region: try #require(Region("us-east-1")))
    }

    private func series(_ family: MetricFamily) -> [String: Double] {
        Dictionary(
            uniqueKeysWithValues: family.samples.map { sample in
                (sample.labels.map { "\($0.0)=\($0.1)" }.joined(separator: ","), sample.value)
            })
    }

    @Test("Each combination with open findings has a series for each severity") func severities() throws {
        let open = OpenFindingsSeries()
        let here = try accountRegion(0)
        let found = series(
            open.family(
                [
                    OpenFindings(accountRegion: here, kind: .audit, severity: .high, count: 2, unsent: 1),
                    OpenFindings(accountRegion: here, kind: .audit, severity: nil, count: 1),
                    OpenFindings(accountRegion: here, kind: .violation, severity: .low, count: 0, unsent: 4),
                    OpenFindings(accountRegion: here, kind: .mapped, source: "plant", severity: .low, count: 3),
                ], LabelCardinalityLimiter()
            ) { $0 })
        let place = "account=111122220000,kind="
        #expect(found["\(place)audit,region=us-east-1,severity=high"] == 2)
        #expect(found["\(place)audit,region=us-east-1,severity=critical"] == 0)
        #expect(found["\(place)audit,region=us-east-1,severity=unknown"] == 1)
        #expect(found["\(place)mapped,region=us-east-1,severity=low,source=plant"] == 3)
        // Findings that are not in Security Hub yet are not open there.
        #expect(found.count == 11)
    }

    @Test("Combinations beyond the limit share series, permanently, and no finding is missing") func limit() throws {
        let open = OpenFindingsSeries(limit: 3)
        let findings = try (0..<50).flatMap { number in
            let here = try accountRegion(number)
            return [
                OpenFindings(accountRegion: here, kind: .audit, severity: .high, count: 1),
                OpenFindings(accountRegion: here, kind: .mapped, source: "s\(number)", severity: .high, count: 10),
            ]
        }
        let accountRegions = LabelCardinalityLimiter(limit: 10)
        func read() -> [String: Double] {
            series(open.family(findings.shuffled(), accountRegions) { $0 == "s7" ? "other" : $0 })
        }
        let found = read()
        #expect(found.values.reduce(0, +) == 550)
        // Three of their own, and two kinds of others, with five severities each.
        #expect(found.count == 25)
        let other = "account=other,kind=mapped,region=other,severity=high,source=other"
        #expect(try #require(found[other]) >= 470)
        #expect(read() == found)
    }
}
