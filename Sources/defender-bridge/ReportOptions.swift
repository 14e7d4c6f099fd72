import ArgumentParser

/// The flag of commands that print progress or confirmations.
enum QuietHelp {
    static let text: ArgumentHelp = "Print errors only."
}

/// The flags of commands that report what they did.
struct ReportOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: QuietHelp.text)
    var quiet = false

    func validate() throws {
        guard !json || !quiet else { throw ValidationError("Specify either --json or --quiet.") }
    }

    /// Whether lines of text are printed.
    var isText: Bool { !json && !quiet }
}
