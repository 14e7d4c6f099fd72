import ArgumentParser
import Bridge
import FoundationEssentials
import Glibc
import JSON

/// Converts a message to findings, without store or network.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Print the Security Hub findings that a message results in.",
        discussion: """
            Reads a Device Defender message, an SNS envelope that contains one, an element of AWS IoT's ListAuditFindings, or \
            an EventBridge event, and prints the findings in the AWS Security Finding Format. Nothing is sent.

            The output is what serve would send with the same configuration to a Security Hub without findings. Timestamps \
            are the message's.

            With --source or --mapping, reads a message of that source: JSON, lines of JSON, an SNS envelope or an \
            EventBridge event. Items that are ignored, archive a group or become dead letters are lines on standard error.

            Exit code 65: the message is not recognized or does not result in findings, or an item becomes a dead letter.

            Examples:
              defender-bridge convert message.json --account 111122223333 --region eu-central-1
              defender-bridge convert --mapping ./my-mapping.yaml --test message.json
            """)

    @Argument(help: ArgumentHelp("File that contains the message; - for standard input.", valueName: "file"))
    var file: String

    @Option(help: "Account of a message that does not name one.")
    var account = "111122223333"

    @Option(help: "Region of a message that does not name one.")
    var region = "us-east-1"

    @Option(
        help: ArgumentHelp(
            "Scheduled audit of an audit finding. Default: an on-demand audit.", valueName: "name"))
    var scheduledAudit: String?

    @Option(help: ArgumentHelp("Configured source that the message belongs to.", valueName: "name"))
    var source: String?

    @Option(
        help: ArgumentHelp(
            "Mapping of the message: a built-in one, or a file (with / or .yaml).", valueName: "name"))
    var mapping: String?

    @Flag(help: "Run the tests of the mapping first.")
    var test = false

    @Flag(help: "Print the outcome of each item of the source as JSON.")
    var json = false

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    func validate() throws {
        guard source == nil || mapping == nil else {
            throw ValidationError("--source and --mapping exclude each other. Use one of them.")
        }
        guard source != nil || mapping != nil || !(test || json) else {
            throw ValidationError("--test and --json require --source or --mapping.")
        }
    }

    func run() throws {
        let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
        let bytes: [UInt8]
        if file == "-" {
            bytes = StandardStream.readInput(atMost: ConfigurationFile.maximumLength + 1)
        } else {
            bytes = try ConfigurationFile.read(file, key: "FILE")
        }
        if source != nil || mapping != nil { return try convertItems(of: bytes, configuration) }
        do throws(MessageConverter.ConversionError) {
            let conversion = try MessageConverter(
                account: account, region: region, scheduledAudit: scheduledAudit, configuration: configuration)
            print(try conversion.convert(bytes).prettyPrinted())
        } catch {
            throw CommandError(message: "cannot convert the message: \(error.message)", exitCode: 65)
        }
    }
}
