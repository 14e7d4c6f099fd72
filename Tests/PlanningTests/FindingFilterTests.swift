import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Planning

@Suite struct FindingFilterTests {
    private static let check = Messages.clientIDs

    private static func filter(
        _ minimum: SecurityFinding.Severity.Label? = nil, include: [String] = [], exclude: [String] = []
    ) throws -> MappingOptions {
        MappingOptions(
            filter: FindingFilter(
                minimumSeverity: minimum, include: try NamePatterns(entries: include),
                exclude: try NamePatterns(entries: exclude)))
    }

    // MARK: Rules

    @Test(
        "Exclude wins over include, an empty include means all, and the severity must be high enough",
        arguments: [
            (nil, [], [], false), (.high, [], [], false), (.critical, [], [], true),
            (nil, [check], [], false), (nil, ["*/*"], [], true), (nil, ["*/*", "CONFLICTING*"], [], false),
            (nil, [], [check], true), (nil, [], ["*/*"], false), (nil, [check], ["CONFLICT?NG*"], true),
            (.critical, [check], [], true), (nil, [], [check.lowercased()], false),
        ] as [(SecurityFinding.Severity.Label?, [String], [String], Bool)])
    func rules(minimum: SecurityFinding.Severity.Label?, include: [String], exclude: [String], isHidden: Bool) throws {
        let observation = try auditObservation("c1", at: now)
        let filter = try Self.filter(minimum, include: include, exclude: exclude).filter
        #expect(filter.hides(observation) == isHidden)
        let known = try #require(Planner.plan([observation], known: nil, disposition: nil, now: now)).entry
        #expect(filter.hides(known) == isHidden)
    }

    @Test(
        "Patterns match an alarm by its profile and behavior, and a mapped finding by its source and its group",
        arguments: [("Fleet/A", "violation"), ("plant", "mapped"), ("east/b", "mapped")])
    func names(pattern: String, kind: String) throws {
        let kind = try #require(LedgerEntry.Kind(rawValue: kind))
        let known = LedgerEntry(
            id: "i", accountRegion: try accountRegion(), kind: kind,
            group: kind == .mapped ? "plant/east/b" : "Fleet/A", subject: "s", createdAt: now, updatedAt: now,
            eventTime: now, firstObservedAt: now, lastObservedAt: now, condition: .present, recordState: .active,
            severity: .low, finding: [],
            report: kind == .mapped ? SourceReport(source: "plant", lastReportedAt: now, sequence: 1) : nil,
            isSent: true)
        #expect(try Self.filter(exclude: [pattern]).filter.hides(known))
        #expect(try !Self.filter(exclude: ["plant/east/b", "Fleet", "east"]).filter.hides(known))
    }

    // MARK: Planning

    @Test("A finding that a filter hides from its first report on is not imported, and known")
    func neverImported() throws {
        let mapping = try Self.filter(exclude: [Self.check])
        let change = try #require(
            Planner.plan(
                [auditObservation("c1", at: now)], known: nil, disposition: nil, mapping: mapping, now: now + 1))
        #expect(change.finding == nil && change.entry.isSent && change.entry.recordState == .archived)
        #expect(change.entry.condition == .present)
        let ended = try #require(Planner.end(change.entry, at: now + 2, now: now + 3))
        #expect(ended.finding == nil && ended.entry.condition == .over)
    }

    @Test("A filter archives an active finding once, and its end makes the finding active again")
    func onOffOn() throws {
        let mapping = try Self.filter(.critical)
        func next(_ known: LedgerEntry?, _ task: Int64, _ mapping: MappingOptions) throws -> Change {
            try #require(
                Planner.plan(
                    [auditObservation("c1", at: now + task)], known: known, disposition: nil, mapping: mapping,
                    now: now + 10 * task))
        }
        var last = try next(nil, 1, MappingOptions())
        #expect(last.finding?.recordState == .active)
        for round in 1...2 {
            last = try next(last.entry.sent, Int64(round * 10), mapping)
            #expect(last.finding?.recordState == .archived && last.finding?.productFields["IsSuppressed"] == "false")
            last = try next(last.entry.sent, Int64(round * 10 + 1), mapping)
            #expect(last.finding == nil && last.entry.recordState == .archived)
            last = try next(last.entry.sent, Int64(round * 10 + 2), MappingOptions())
            #expect(last.finding?.recordState == .active)
        }
    }

    @Test("A finding whose import is not confirmed when a filter begins is archived in Security Hub")
    func unconfirmed() throws {
        let mapping = try Self.filter(.critical)
        let seen = try auditObservation("c1", at: now)
        let unsent = try #require(Planner.plan([seen], known: nil, disposition: nil, now: now + 1)).entry
        #expect(Planner.refresh(unsent, mapping: mapping, now: now + 2)?.finding?.recordState == .archived)
        let change = Planner.plan([], known: unsent, disposition: nil, mapping: mapping, now: now + 2)
        #expect(change?.finding?.recordState == .archived)
    }

    @Test("Instead of being refreshed, an active finding is archived that a filter hides")
    func refresh() throws {
        let known = try #require(
            Planner.plan([auditObservation("c1", at: now)], known: nil, disposition: nil, now: now + 1)
        ).entry.sent
        #expect(Planner.refresh(known, now: now + 2)?.finding?.recordState == .active)
        let archived = try #require(Planner.refresh(known, mapping: try Self.filter(.critical), now: now + 2))
        #expect(archived.finding?.recordState == .archived && archived.entry.condition == .present)
    }

    @Test("The verification of an alarm that a filter hides waits until Security Hub has its finding")
    func verification() throws {
        let alarm = try Alarm(Messages.alarm("v1", at: now))
        let seen = Observation(alarm, finding: SecurityFinding(alarm: alarm, accountRegion: try accountRegion()))
        let verified = VerificationDisposition(
            subject: seen.finding.id, accountRegion: try accountRegion(), time: now + 1,
            verification: Verification(state: .truePositive, note: nil), isApplied: false)
        let hidden = AlarmBatchPlanner(
            [.alarm(seen), .verification(verified)], known: [:], dispositions: [:],
            mapping: try Self.filter(exclude: ["*/*"]), now: now + 2)
        #expect(hidden.filtered.count == 1 && hidden.unchanged.isEmpty)
        #expect(hidden.updates { _ in true }.isEmpty && hidden.newDispositions.count == 1)
        let known = try #require(hidden.changes.first).entry
        let shown = AlarmBatchPlanner(
            [.alarm(seen)], known: [known.id: known],
            dispositions: [known.id: try #require(hidden.newDispositions.first)], now: now + 3)
        #expect(shown.changes.map(\.finding?.recordState) == [.active])
        #expect(shown.updates { _ in true }.count == 1 && shown.filtered.isEmpty)
    }

    @Test("Other names of product and company are imported with the next report and refresh, and keep what is equal")
    func productNames() throws {
        let named = MappingOptions(product: ProductNames(product: "Bridge", company: "Example"))
        func plan(_ known: LedgerEntry?, _ task: Int64, _ mapping: MappingOptions) throws -> Change? {
            Planner.plan(
                [try auditObservation("c1", at: now + task)], known: known, disposition: nil, mapping: mapping,
                now: now + 10 * task)
        }
        let plain = try #require(try plan(nil, 1, MappingOptions())).entry.sent
        let change = try #require(try plan(plain, 2, named))
        #expect(change.finding != nil)
        let json = try JSON(parsing: change.entry.finding)
        #expect(json["ProductName"] == "Bridge" && json["CompanyName"] == "Example")
        #expect(try plan(change.entry.sent, 3, named)?.finding == nil)
        let refreshed = try #require(Planner.refresh(plain, mapping: named, now: now + 50))
        #expect(try JSON(parsing: refreshed.entry.finding)["ProductName"] == "Bridge")
        let ended = try #require(Planner.end(change.entry.sent, at: now + 60, now: now + 61))
        #expect(try JSON(parsing: ended.entry.finding)["ProductName"] == "Bridge")
    }

    @Test("Filters and names change the fingerprint of the mapping, and their absence does not")
    func fingerprint() throws {
        let partition = try accountRegion().region.partition
        let options = [
            MappingOptions(), try Self.filter(.low), try Self.filter(.high), try Self.filter(include: ["a"]),
            try Self.filter(exclude: ["a"]), MappingOptions(product: ProductNames(product: "a")),
            MappingOptions(product: ProductNames(company: "a")),
            MappingOptions(userDefinedFields: try UserDefinedFields(entries: ["a=a"])),
        ]
        #expect(Set(options.map { $0.fingerprint(of: partition) }).count == options.count)
        #expect(
            MappingOptions().fingerprint(of: partition)
                == MappingFingerprint(["\(SecurityFinding.auditMappingVersion)", partition.rawValue]))
    }
}
