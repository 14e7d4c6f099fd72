import JSON

/// Health of the bridge: a state, and the problems behind it with their remediation. A pure function of ``HealthInput``.
struct Health: Sendable, Hashable {
    /// Overall state. The raw values are those of `health.state` in status.json.
    enum State: String, Sendable, Hashable, CaseIterable {
        /// No problems.
        case working
        /// There are problems, but findings reach Security Hub.
        case attention
        /// Findings of at least one account do not reach Security Hub.
        case failing
        /// The store is unavailable, so the state cannot be determined.
        case unknown
    }

    let state: State
    /// Critical problems first, then warnings; at most ``problemLimit``.
    let problems: [HealthProblem]

    /// Most problems that are reported. If there are more, the last one says how many.
    static let problemLimit = 50

    init(_ input: HealthInput) {
        let all = Self.problems(input)
        let sorted = all.filter { $0.severity == .critical } + all.filter { $0.severity == .warning }
        if input.stored == nil {
            state = .unknown
        } else if all.contains(where: \.stopsFindings) {
            state = .failing
        } else {
            state = all.isEmpty ? .working : .attention
        }
        problems = sorted.count <= Self.problemLimit ? sorted : Self.cut(sorted)
    }

    private static func cut(_ problems: [HealthProblem]) -> [HealthProblem] {
        let kept = problems.prefix(problemLimit - 1)
        let more = HealthProblem(
            severity: problems[kept.count].severity, cause: .more,
            summary: "\(problems.count - kept.count) more problems.",
            remediation: "Resolve the problems above to see the rest.")
        return kept + [more]
    }

    /// The member `health` of status.json.
    var json: JSON { ["state": .string(state.rawValue), "problems": .array(problems.map(\.json))] }

    private static func problems(_ input: HealthInput) -> [HealthProblem] {
        let own = BridgeProblems.problems(input) + AWSProblems.denials(input)
        let always = own + IntakeProblems.problems(input)
        guard let stored = input.stored else { return always }
        return always + QueueProblems.problems(stored, input) + AWSProblems.problems(stored, input)
    }
}
