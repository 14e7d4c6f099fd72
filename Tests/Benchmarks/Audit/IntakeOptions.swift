import ArgumentParser

/// How much is delivered where the intake is measured.
struct IntakeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many signed messages there are for each round.", valueName: "count"))
    var messages = 20_000

    @Option(help: ArgumentHelp("How often each program is measured.", valueName: "count"))
    var rounds = 5

    @Option(help: ArgumentHelp("How many connections there are.", valueName: "count"))
    var connections = 64

    func validate() throws {
        guard (1000...800_000).contains(messages), (1...100).contains(rounds), (1...500).contains(connections) else {
            throw ValidationError(
                "--messages must be from 1000 to 800000, --rounds from 1 to 100, --connections from 1 to 500.")
        }
    }
}
