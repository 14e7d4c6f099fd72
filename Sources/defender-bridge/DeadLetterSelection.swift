import AWSCore
import ArgumentParser
import Bridge
import Foundation
import Glibc
import JSON
import Store

/// The conditions that dead letters are chosen by.
struct DeadLetterFilters: ParsableArguments {
    @Option(help: ArgumentHelp("Only those of this account.", valueName: "12 digits"), transform: OptionText.account)
    var account: AccountID?

    @Option(help: ArgumentHelp("Only those of this Region.", valueName: "name"), transform: OptionText.region)
    var region: Region?

    @Option(
        help: ArgumentHelp("Only those that arrived by this channel.", valueName: "sns|eventBridge|internal"),
        transform: OptionText.channels)
    var channel: Set<Delivery.Channel>?

    @Option(help: ArgumentHelp("Only those whose reason has this text in it.", valueName: "text"))
    var reason: String?

    @Option(
        help: ArgumentHelp("Only those given up longer ago than this, for example 1d.", valueName: "duration"),
        transform: OptionText.duration)
    var olderThan: Duration?

    @Option(
        help: ArgumentHelp("Only those given up within this time, for example 2h.", valueName: "duration"),
        transform: OptionText.duration)
    var newerThan: Duration?

    /// Whether there is any.
    var isEmpty: Bool { filter(now: 0) == .all }

    /// The conditions at a time, in milliseconds since 1970.
    func filter(now: Int64) -> DeadLetterFilter {
        DeadLetterFilter(
            account: account, region: region, channels: channel, reason: reason,
            failedSince: newerThan.map { now.saturatingSubtracting($0.milliseconds) },
            failedBefore: olderThan.map { now.saturatingSubtracting($0.milliseconds) })
    }
}

/// Which dead letters something is to be done about: those named, or all that meet conditions.
struct DeadLetterSelection: ParsableArguments {
    /// What is to be done, in words.
    struct Action {
        let verb: String
        let done: String
    }

    @OptionGroup var store: StoreOptions

    @Argument(help: "Their ids, as list gives them.")
    var ids: [String] = []

    @Flag(help: "All, or all that meet the conditions. Asks first.")
    var all = false

    @OptionGroup(title: "Conditions") var filters: DeadLetterFilters

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard all != !ids.isEmpty else {
            throw ValidationError("Name dead letters by their ids, or say --all, but not both.")
        }
        guard all || filters.isEmpty else { throw ValidationError("Conditions choose among --all.") }
    }

    /// Does something about the dead letters that were chosen, a thousand at a time, and says about how many.
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
        if json { StoreOptions.show([action.done: .integer(count)]) }
        if !json { print("\(Self.countText(count)) \(count == 1 ? "was" : "were") \(action.done).") }
        guard all || missing == 0 else {
            throw CommandError(
                message: "\(missing) of the ids are of no dead letter. defender-bridge dead-letters list gives the ids."
            )
        }
    }

    private func chosenIDs(in store: any Store) async throws -> [String] {
        let filter = filters.filter(now: StoreOptions.now)
        var (ids, last): ([String], DeadLetter?) = ([], nil)
        repeat {
            let page = try await store.deadLetters(matching: filter, limit: 1000, after: last)
            ids += page.map(\.delivery.id)
            last = page.last
        } while last != nil
        return ids
    }

    private func confirm(_ count: Int, _ action: Action) throws {
        guard all, !yes, count > 0 else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError(message: "--all asks first, and there is no terminal to ask at: say --yes, too.")
        }
        let question = "\(action.verb.capitalized) \(Self.countText(count))? [y/N] "
        try FileHandle.standardError.write(contentsOf: Data(question.utf8))
        let answer = readLine()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else { throw CommandError(message: "nothing was \(action.done)") }
    }

    private static func countText(_ count: Int) -> String { "\(count) dead letter\(count == 1 ? "" : "s")" }
}

extension Store {
    /// Dead letters, page after page.
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
