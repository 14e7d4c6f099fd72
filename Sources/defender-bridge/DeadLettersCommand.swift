import Admin
import ArgumentParser
import Bridge
import Encoding
import JSON
import Store

/// Lists, shows, replays and drops dead letters.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List, show, replay or drop dead letters: deliveries that failed permanently.",
        discussion: """
            All subcommands can be used while a bridge is running.

            Examples:
              defender-bridge dead-letters list --newer-than 1d
              defender-bridge dead-letters replay --all --reason AccessDenied
            """,
        subcommands: [List.self, Show.self, Replay.self, Drop.self])

    /// Lists dead letters.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List dead letters, oldest first.",
            discussion: """
                Example:
                  defender-bridge dead-letters list --account 111122223333 --newer-than 1d
                """)

        @OptionGroup var store: StoreOptions
        @OptionGroup(title: "Conditions") var filters: DeadLetterFilters

        @Option(help: ArgumentHelp("Maximum number of dead letters to list, from 1 to 100000.", valueName: "number"))
        var limit = 100

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("Use a --limit from 1 to 100000.") }
        }

        func run() async throws {
            let now = WallClock.now()
            let letters = try await store.withStore(.readOnly) { store in
                // Reading one more than is shown tells whether there are more.
                try await store.deadLetters(matching: filters.filter(now: now), atMost: limit + 1)
            }
            let shown = Array(letters.prefix(limit))
            if json {
                StoreOptions.show([
                    "deadLetters": .array(shown.map(DeadLetterReport.json)), "more": .bool(letters.count > limit),
                ])
            } else {
                StoreOptions.show(DeadLetterReport.lines(shown, now: now))
                if letters.count > limit {
                    print("There are more than \(limit) dead letters. Use --limit to list more.")
                }
            }
        }
    }

    /// Shows one dead letter.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a dead letter with its payload.",
            discussion: """
                Example:
                  defender-bridge dead-letters show sns:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324
                """)

        @OptionGroup var store: StoreOptions

        @Argument(help: "Id of a dead letter, as printed by dead-letters list.")
        var id: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            guard let letter = try await store.withStore(.readOnly, { try await $0.deadLetter(id: id) }) else {
                throw CommandError(
                    message: "dead letter not found. Run defender-bridge dead-letters list for the ids.")
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
            discussion: """
                Replayed dead letters are processed like new deliveries, with all attempts available again.

                Examples:
                  defender-bridge dead-letters replay sns:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324
                  defender-bridge dead-letters replay --all --reason AccessDenied --yes
                """)

        @OptionGroup var choice: DeadLetterSelection

        func run() async throws {
            try await choice.apply(DeadLetterSelection.Action(verb: "replay", pastParticiple: "replayed")) {
                store, ids in
                try await store.requeueDeadLetters(ids: ids)
            }
        }
    }

    /// Deletes dead letters.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drop",
            abstract: "Delete dead letters permanently.",
            discussion: """
                A delivery that arrives later with the same id is accepted as new.

                Example:
                  defender-bridge dead-letters drop --all --older-than 30d
                """)

        @OptionGroup var choice: DeadLetterSelection

        func run() async throws {
            try await choice.apply(DeadLetterSelection.Action(verb: "drop", pastParticiple: "dropped")) { store, ids in
                try await store.discardDeadLetters(ids: ids)
            }
        }
    }
}
