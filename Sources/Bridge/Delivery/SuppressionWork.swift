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
        let known = try await known(said.subject)
        var said = said
        if keepsExpiry, let known, known.isSuppressed { said.expiresAt = known.expiresAt }
        if said.isNewer(than: known) {
            try await context.store.record(Progress(judgements: [said.judgement]), under: lease)
        }
        return try await judge(said.subject)
    }

    /// Judges the findings of a suppression that has ended by itself.
    ///
    /// - Parameter time: when it ended, as it was known when that became due.
    func end(_ subject: String, at time: Timestamp) async throws -> Refusals {
        guard var known = try await known(subject), known.isSuppressed, known.expiresAt == time else {
            return Refusals()
        }
        guard !known.suppresses(at: context.now) else {
            throw SendFailure(description: "by this machine's clock the suppression has not ended yet")
        }
        let refusals = try await judge(subject)
        known.isSettled = true
        try await context.store.record(Progress(judgements: [known.judgement]), under: lease)
        return refusals
    }

    private func known(_ subject: String) async throws -> SuppressionJudgement? {
        try await context.store.judgements(about: [subject])[subject].flatMap { SuppressionJudgement($0) }
    }

    private func judge(_ subject: String) async throws -> Refusals {
        let judgement = try await context.store.judgements(about: [subject])[subject]
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
