import ArgumentParser
import Bridge
import Foundation
import JSON
import Store

/// Looks at what was given up, and decides about it.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List, show, replay or drop deliveries that were given up.",
        discussion: "All of these may be used while a bridge is running.",
        subcommands: [List.self, Show.self, Replay.self, Drop.self])

    /// Lists dead letters.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List dead letters, the longest given up first.")

        @OptionGroup var store: StoreOptions
        @OptionGroup(title: "Conditions") var filters: DeadLetterFilters

        @Option(help: ArgumentHelp("The most to list, 1 to 100000.", valueName: "number"))
        var limit = 100

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 100000.") }
        }

        func run() async throws {
            let now = StoreOptions.now
            let letters = try await store.withStore(.readOnly) { store in
                // One more than is shown tells whether there are more.
                try await store.deadLetters(matching: filters.filter(now: now), atMost: limit + 1)
            }
            let shown = Array(letters.prefix(limit))
            if json {
                StoreOptions.show([
                    "deadLetters": .array(shown.map(DeadLetterReport.json)), "more": .bool(letters.count > limit),
                ])
            } else {
                StoreOptions.show(DeadLetterReport.lines(shown, now: now))
                if letters.count > limit { print("There are more; say --limit to see more than \(limit).") }
            }
        }
    }

    /// Shows one dead letter.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a dead letter with its payload.")

        @OptionGroup var store: StoreOptions

        @Argument(help: "Its id, as list gives it.")
        var id: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            guard let letter = try await store.withStore(.readOnly, { try await $0.deadLetter(id: id) }) else {
                throw CommandError(
                    message: "There is no dead letter with this id. defender-bridge dead-letters list gives the ids.")
            }
            if json {
                StoreOptions.show(DeadLetterReport.jsonWithPayload(letter))
            } else {
                StoreOptions.show(DeadLetterReport.lines(letter))
            }
        }
    }

    /// Puts dead letters back into the queue.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Put dead letters back into the queue.",
            discussion: "They are worked on like new ones, with all attempts before them.")

        @OptionGroup var choice: DeadLetterSelection

        func run() async throws {
            try await choice.apply(DeadLetterSelection.Action(verb: "replay", done: "replayed")) { store, ids in
                try await store.requeueDeadLetters(ids: ids)
            }
        }
    }

    /// Removes dead letters.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drop",
            abstract: "Remove dead letters for good.",
            discussion: "A delivery with the same id is then taken as new.")

        @OptionGroup var choice: DeadLetterSelection

        func run() async throws {
            try await choice.apply(DeadLetterSelection.Action(verb: "drop", done: "dropped")) { store, ids in
                try await store.discardDeadLetters(ids: ids)
            }
        }
    }
}
