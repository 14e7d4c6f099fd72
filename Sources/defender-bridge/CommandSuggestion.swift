import ArgumentParser
import Encoding

/// Suggests commands for mistyped ones. ArgumentParser suggests options, but not commands.
enum CommandSuggestion {
    /// The error of a mistyped command; nil if no command is similar, or the arguments have another problem.
    ///
    /// - Parameter arguments: the arguments of the program.
    static func error(_ arguments: [String], for root: any ParsableCommand.Type) -> ValidationError? {
        var command = root
        var path = [root.configuration.commandName ?? ""]
        for argument in arguments {
            let subcommands = command.configuration.subcommands
            // The first argument that is no command; those after an option may be its values.
            guard !subcommands.isEmpty, !argument.hasPrefix("-") else { return nil }
            guard let next = subcommands.first(where: { $0.configuration.commandName == argument }) else {
                let names = subcommands.compactMap { $0.configuration.commandName }
                return NearestName.of(argument, among: names).map { name in
                    let full = (path + [name]).joined(separator: " ")
                    return ValidationError("Unknown command '\(argument)'. Did you mean '\(full)'?")
                }
            }
            command = next
            path.append(argument)
        }
        return nil
    }
}
