import ArgumentParser

/// Options of intake measurements.
struct IntakeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Number of signed messages per round, 1000 to 800000.", valueName: "count"))
    var messages = 20_000

    @Option(help: ArgumentHelp("Number of measurements of each program, 1 to 100.", valueName: "count"))
    var rounds = 5

    @Option(help: ArgumentHelp("Number of connections, 1 to 500.", valueName: "count"))
    var connections = 64

    func validate() throws {
        guard (1000...800_000).contains(messages), (1...100).contains(rounds), (1...500).contains(connections) else {
            throw ValidationError(
                "--messages must be from 1000 to 800000, --rounds from 1 to 100, --connections from 1 to 500.")
        }
    }
}
