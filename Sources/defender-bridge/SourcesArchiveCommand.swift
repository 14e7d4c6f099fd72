import ArgumentParser
import Bridge
import Encoding
import Store

extension SourcesCommand {
    /// Archives the findings of a source.
    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "archive",
            abstract: "Archive all findings of a mapped source in Security Hub.",
            discussion: """
                Queues the archival, which a running bridge carries out, or the next one that starts. The source need not be \
                configured any more. A finding that the source reports later becomes active again.

                Example:
                  defender-bridge sources archive plant-nozomi
                """)

        @OptionGroup var store: StoreOptions

        @Argument(
            help: ArgumentHelp("Name of a source with findings in the ledger.", valueName: "name"),
            transform: OptionText.source)
        var name: String

        @OptionGroup var output: ReportOptions

        func run() async throws {
            let archival = try await store.withStore(.maintenance) {
                try await SourceArchival(of: name, in: $0, now: WallClock.now())
            }
            if let problem = archival.problem { throw CommandError(message: problem) }
            if output.json { StoreOptions.show(archival.json) }
            if output.isText { StoreOptions.show(archival.lines) }
        }
    }
}
