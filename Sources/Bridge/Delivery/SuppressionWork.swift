import AWSCore
import DeviceDefender
import Store

/// Has suppressions take effect on the findings that they concern.
struct SuppressionWork: Sendable {
    let origin: Origin
    let context: LaneContext
    let sender: FindingSender
    let lease: Lease

    /// Keeps what people said about the findings of a resource, if it is news, and judges the findings anew.
    ///
    /// - Parameter keepsExpiry: whether it leaves the end of a suppression as it was.
    func say(_ said: SuppressionJudgement, keepsExpiry: Bool) async throws -> Refusals {
        let stored = try await stored(said.subject)
        let known = stored.flatMap { SuppressionJudgement($0) }
        var said = said
        if keepsExpiry, let known, known.isSuppressed { said.expiresAt = known.expiresAt }
        guard said.isNewer(than: known) else { return try await judge(said.subject, by: stored) }
        try await context.store.record(Progress(judgements: [said.judgement]), under: lease)
        return try await judge(said.subject, by: said.judgement)
    }

    /// Judges the findings of a suppression that has ended by itself.
    ///
    /// - Parameter time: when it ended, as it was known when that became due.
    func end(_ subject: String, at time: Timestamp) async throws -> Refusals {
        let stored = try await stored(subject)
        guard var known = stored.flatMap({ SuppressionJudgement($0) }), known.isSuppressed, known.expiresAt == time
        else { return Refusals() }
        guard !known.suppresses(at: context.now) else {
            throw SendFailure(description: "by this machine's clock the suppression has not ended yet")
        }
        let refusals = try await judge(subject, by: stored)
        known.isSettled = true
        try await context.store.record(Progress(judgements: [known.judgement]), under: lease)
        return refusals
    }

    private func stored(_ subject: String) async throws -> Judgement? {
        try await context.store.judgements(about: [subject])[subject]
    }

    private func judge(_ subject: String, by judgement: Judgement?) async throws -> Refusals {
        var refusals = Refusals()
        var last: LedgerEntry?
        repeat {
            let page = try await context.store.ledgerEntries(about: subject, after: last, limit: 500)
            let now = context.now
            refusals.add(
                try await context.make(
                    { Planner.plan([], known: $0, judgement: judgement, now: now) }, of: page, by: sender,
                    under: lease))
            last = page.last
        } while last != nil
        return refusals
    }
}
