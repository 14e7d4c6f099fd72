import AWSClient
import JSON
import Planning
import SecurityFindings
import Store

extension AuditCheckpoint {
    /// Moves to the end of a chunk.
    mutating func advance(_ parsed: ParsedChunk) {
        nextToken = parsed.nextToken
        isListed = parsed.nextToken == nil
        rejections.add(parsed.unread)
        hasUnread = hasUnread || parsed.unread.count > 0
        seen.formUnion(parsed.seen)
    }
}

/// What a chunk reports about findings.
struct ParsedChunk: Sendable {
    /// The token of the page after the chunk; nil after the last.
    let nextToken: String?
    /// The findings that are new or may have changed.
    private(set) var observations: [Observation] = []
    /// The findings that are unchanged, by severity.
    private(set) var unchanged: [LedgerEntry.Severity?: Int] = [:]
    /// The rows of those findings that the ledger contains.
    var seen = RowSet()
    /// The findings that could not be parsed.
    var unread = FindingRejections()
    /// Where in the chunk a row was last reported unchanged.
    private var lastUnchanged: [Int64: Int] = [:]
    /// Where in the chunk a finding was last reported with a change, by id.
    private var lastObserved: [String: Int] = [:]

    init(nextToken: String?) { self.nextToken = nextToken }

    /// Adds a finding that the ledger contains as it is reported.
    mutating func add(_ finding: UnchangedFinding, at place: Int) {
        seen.insert(finding.number)
        unchanged[finding.severity, default: 0] += 1
        lastUnchanged[finding.number] = place
    }

    /// Adds a finding that is new or may have changed.
    mutating func add(_ observation: Observation, at place: Int) {
        observations.append(observation)
        lastObserved[observation.finding.id] = place
    }

    /// Whether a finding that the chunk lists several times is unchanged the last time, which counts.
    func isUnchangedLast(_ id: String, _ number: Int64) -> Bool {
        guard let unchanged = lastUnchanged[number], let observed = lastObserved[id] else { return false }
        return unchanged > observed
    }
}

/// A chunk whose changes are recorded in the ledger, and not sent yet.
struct RecordedChunk: Sendable {
    let parsed: ParsedChunk
    let changes: PlannedChanges

    /// Whether a finding of these observations is about to be sent.
    func mayBeSending(any observations: [Observation]) -> Bool {
        let ids = Set(changes.toBeSent.map(\.entry.id))
        return observations.contains { ids.contains($0.finding.id) }
    }
}

/// A chunk of an audit's list of findings: consecutive pages that are sent together.
struct FindingChunk: Sendable {
    /// Two full pages fill five batches, one page would fill two and a half, and Security Hub limits the rate of
    /// batches.
    private static let size = 500

    private var pages: PaginatorSequence<JSONSlice>.Iterator
    private(set) var findings: [JSONSlice] = []
    /// The token of the page after the chunk; nil after the last.
    private(set) var nextToken: String?

    /// Fetches the first chunk of a list.
    init(_ pages: PaginatorSequence<JSONSlice>) async throws(AWSError) {
        self.pages = pages.makeAsyncIterator()
        try await fill()
    }

    /// Fetches the next chunk; nil after the last.
    func next() async throws(AWSError) -> FindingChunk? {
        guard nextToken != nil else { return nil }
        var next = self
        next.findings = []
        try await next.fill()
        return next
    }

    private mutating func fill() async throws(AWSError) {
        repeat {
            guard let page = try await pages.next() else { return }
            findings += page.elements
            nextToken = page.nextToken
        } while findings.count < Self.size && nextToken != nil
    }
}
