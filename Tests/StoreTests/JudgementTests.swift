import Testing

@testable import Store

@Suite struct JudgementTests {
    @Test(arguments: StoreKind.all) func aJudgementIsReadBackAndReplacesTheOneOfItsSubject(kind: StoreKind) async throws
    {
        try await withStore(kind) { store async throws in
            let lease = try await store.takeNew(1).lease
            let one = judgement("é", of: origins[1], time: -3, dueAt: 4, keepUntil: .max, content: Array(0...255))
            try await store.record(Progress(judgements: [one, judgement("b")]), under: lease)
            #expect(
                try await store.judgements(about: ["é", "b", "c", "b\u{0}"]) == ["é": one, "b": judgement("b")])
            let newer = judgement("é", time: 9)
            try await store.record(Progress(judgements: [newer]), under: lease)
            #expect(try await store.judgements(about: ["é"]) == ["é": newer])
        }
    }

    @Test(arguments: StoreKind.all) func judgementsAreListedByOriginInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let wanted = [judgement("a"), judgement("b"), judgement("c")]
            let others = [judgement("aa", of: origins[1])]
            try await store.record(
                Progress(judgements: wanted.reversed() + others), under: store.takeNew(1).lease)
            #expect(try await store.judgements(of: origins[0], after: nil, limit: 2) == Array(wanted[..<2]))
            #expect(try await store.judgements(of: origins[0], after: wanted[1], limit: 2) == [wanted[2]])
        }
    }

    @Test(arguments: StoreKind.all) func theLongestDueComeFirst(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let all = [
                judgement("a", dueAt: 9), judgement("b", dueAt: 8), judgement("c", dueAt: 10), judgement("d"),
            ]
            try await store.record(Progress(judgements: all), under: store.takeNew(1).lease)
            #expect(try await store.dueJudgements(by: 9, limit: 5) == [all[1], all[0]])
            #expect(try await store.dueJudgements(by: 9, limit: 1) == [all[1]])
            #expect(await failure { _ = try await store.dueJudgements(by: 9, limit: 0) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func onlyJudgementsPastTheirTimeAndWithoutFindingAreForgotten(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let all = [
                judgement("a", keepUntil: 5), judgement("b", keepUntil: 6), judgement("c"),
                judgement("d", keepUntil: 5),
            ]
            try await store.record(
                Progress(entries: [entry("1", subject: "d")], judgements: all), under: store.takeNew(1).lease)
            #expect(try await store.purgeJudgements(by: 5) == 1)
            #expect(Set(try await store.judgements(about: ["a", "b", "c", "d"]).keys) == ["b", "c", "d"])
        }
    }

    @Test(arguments: StoreKind.all) func marksAreKeptByCheckAndOrigin(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.takeNew(1).lease
            let old = AuditMark(origin: origins[0], check: "A", startTime: 1, taskID: "t1")
            let new = AuditMark(origin: origins[0], check: "A", startTime: 2, taskID: "t2")
            let other = AuditMark(origin: origins[1], check: "A", startTime: 3, taskID: "t3")
            try await store.record(Progress(marks: [old, other]), under: lease)
            try await store.record(Progress(marks: [new]), under: lease)
            #expect(try await store.auditMarks(of: origins[0]) == ["A": new])
            #expect(try await store.auditMarks(of: origins[2]).isEmpty)
        }
    }

    @Test(arguments: StoreKind.all) func aBookmarkComesBackWithTheDeliveryUntilItIsDone(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let first = try await store.takeNew(1)
            #expect(first.bookmark == nil)
            try await store.record(Progress(bookmark: "page 2"), under: first.lease)
            try await store.record(Progress(entries: [entry("a")]), under: first.lease)
            try await store.retry(first.lease, at: 5, reason: "later", now: 1)
            let second = try #require(try await store.take(now: 5).first)
            #expect(second.bookmark == "page 2")
            try await store.deadLetter(second.lease, reason: "never", now: 6)
            _ = try await store.requeueDeadLetters(ids: [second.delivery.id])
            let third = try #require(try await store.take(now: 7).first)
            #expect(third.bookmark == nil)
        }
    }

    @Test(arguments: StoreKind.all) func progressOfALostLeaseOrWithABadTextIsNotKept(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.takeNew(1).lease
            let long = String(repeating: "x", count: 2049)
            for bad in [
                Progress(judgements: [judgement("z"), judgement("")]), Progress(judgements: [judgement(long)]),
                Progress(marks: [AuditMark(origin: origins[0], check: "", startTime: 1, taskID: "t")]),
                Progress(marks: [AuditMark(origin: origins[0], check: "A", startTime: 1, taskID: "")]),
                Progress(bookmark: ""), Progress(bookmark: String(repeating: "x", count: 16_385)),
            ] {
                #expect(await failure { try await store.record(bad, under: lease) } == .invalidValue)
            }
            try await store.release([lease])
            let progress = Progress(judgements: [judgement("z")])
            #expect(await failure { try await store.record(progress, under: lease) } == .leaseLost)
            #expect(try await store.judgements(about: ["z"]).isEmpty)
        }
    }
}
