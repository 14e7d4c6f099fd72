import AWSCore
import ArgumentParser
import Bridge
import Encoding
import FoundationEssentials
import Glibc
import JSON
import Store

/// The conditions that select dead letters.
struct DeadLetterFilters: ParsableArguments {
    @Option(
        help: ArgumentHelp("Select dead letters of this account.", valueName: "account"), transform: OptionText.account)
    var account: AccountID?

    @Option(
        help: ArgumentHelp("Select dead letters of this Region.", valueName: "region"), transform: OptionText.region)
    var region: Region?

    @Option(
        help: ArgumentHelp("Select dead letters of this mapped source.", valueName: "name"),
        transform: OptionText.source)
    var source: String?

    @Option(
        help: ArgumentHelp(
            "Select dead letters that arrived through this channel.", valueName: "sns|eventBridge|webhook|internal"),
        transform: OptionText.channels)
    var channel: Set<Delivery.Channel>?

    @Option(
        help: ArgumentHelp("Select dead letters whose reason contains this text (case-insensitive).", valueName: "text")
    )
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "Select dead letters whose last failure is older than this, for example 1d.", valueName: "duration"),
        transform: OptionText.duration)
    var olderThan: Duration?

    @Option(
        help: ArgumentHelp(
            "Select dead letters whose last failure is at most this old, for example 2h.", valueName: "duration"),
        transform: OptionText.duration)
    var newerThan: Duration?

    /// Whether no condition is given.
    var isEmpty: Bool { filter(now: .earliest) == .all }

    /// The conditions as a filter.
    func filter(now: Timestamp) -> DeadLetterFilter {
        DeadLetterFilter(
            account: account, region: region, source: source, channels: channel, reason: reason,
            failedSince: newerThan.map { now - $0 }, failedBefore: olderThan.map { now - $0 })
    }
}

/// Selects the dead letters of a command: by id, or all that meet the conditions.
struct DeadLetterSelection: ParsableArguments {
    /// The words for an action on dead letters, for questions and results.
    struct Action {
        let verb: String
        let pastParticiple: String
    }

    @OptionGroup var store: StoreOptions

    @Argument(help: "Ids of dead letters, as printed by dead-letters list.")
    var ids: [String] = []

    @Flag(help: "Select all dead letters, or all that meet the conditions. Asks for confirmation.")
    var all = false

    @OptionGroup(title: "Conditions") var filters: DeadLetterFilters

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    @OptionGroup var output: ReportOptions

    func validate() throws {
        guard all != !ids.isEmpty else {
            throw ValidationError("Specify either ids of dead letters or --all.")
        }
        guard all || filters.isEmpty else { throw ValidationError("Conditions require --all.") }
    }

    /// Changes the selected dead letters, 1,000 at a time, and prints how many were changed.
    ///
    /// - Throws: ``CommandError`` if the operator does not confirm, or if an id is not that of a dead letter.
    func apply(
        _ action: Action, _ change: @escaping (any Store, [String]) async throws -> Int
    ) async throws {
        let (count, missing) = try await store.withStore(.maintenance) { store in
            let chosen = all ? try await chosenIDs(in: store) : Array(Set(ids)).sorted()
            try confirm(chosen.count, action)
            var count = 0
            for start in stride(from: 0, to: chosen.count, by: 1000) {
                count += try await change(store, Array(chosen[start...].prefix(1000)))
            }
            return (count, chosen.count - count)
        }
        if output.json { StoreOptions.show([action.pastParticiple: .integer(count)]) }
        if output.isText { print("\(Self.countText(count)) \(count == 1 ? "was" : "were") \(action.pastParticiple).") }
        guard all || missing == 0 else {
            throw CommandError(
                message: "dead letters not found: \(missing). Run defender-bridge dead-letters list for the ids."
            )
        }
    }

    private func chosenIDs(in store: any Store) async throws -> [String] {
        let filter = filters.filter(now: WallClock.now())
        var ids: [String] = []
        for try await page in store.deadLetters(matching: filter) { ids += page.map(\.delivery.id) }
        return ids
    }

    private func confirm(_ count: Int, _ action: Action) throws {
        guard all, !yes, count > 0 else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError(message: "cannot ask for confirmation: standard input is not a terminal. Add --yes.")
        }
        let question = "\(action.verb.capitalized) \(Self.countText(count))? [y/N] "
        StandardStream.write(question, to: STDERR_FILENO)
        let answer = readLine()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else {
            throw CommandError(message: "canceled: no dead letters were \(action.pastParticiple).")
        }
    }

    private static func countText(_ count: Int) -> String { "\(count) dead letter\(count == 1 ? "" : "s")" }
}

extension Store {
    /// Reads dead letters page by page, up to a limit.
    func deadLetters(matching filter: DeadLetterFilter, atMost limit: Int) async throws(StoreError) -> [DeadLetter] {
        var letters: [DeadLetter] = []
        while letters.count < limit {
            let page = try await deadLetters(
                matching: filter, limit: min(1000, limit - letters.count), after: letters.last)
            if page.isEmpty { break }
            letters += page
        }
        return letters
    }
}
