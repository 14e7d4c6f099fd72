import ArgumentParser
import Bridge
import Foundation
import JSON

/// Shows what a message becomes, without any network.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Show the finding that a message would become.",
        discussion: """
            Reads a message of Device Defender, the SNS envelope around one, an element of AWS IoT's ListAuditFindings, or \
            an EventBridge event, and prints the Security Hub findings in the AWS Security Finding Format. Nothing is sent.

            Prints what serve would send for the message to a Security Hub that has no findings yet, with the configuration as \
            serve reads it. Times are those of the message.
            """)

    @Argument(help: ArgumentHelp("The file with the message; - is standard input.", valueName: "file"))
    var file: String

    @Option(help: "The account that the message is from, where it does not say so itself.")
    var account = "111122223333"

    @Option(help: "The Region that the message is from, where it does not say so itself.")
    var region = "us-east-1"

    @Option(
        help: ArgumentHelp(
            "The scheduled audit that an audit finding is from. Default: an audit on demand.", valueName: "name"))
    var scheduledAudit: String?

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
        let bytes: [UInt8]
        if file == "-" {
            bytes = Array(FileHandle.standardInput.readData(ofLength: ConfigurationFile.maximumLength + 1))
        } else {
            bytes = try ConfigurationFile.read(file, key: "FILE")
        }
        do throws(MessageConverter.ConversionError) {
            let conversion = try MessageConverter(
                account: account, region: region, scheduledAudit: scheduledAudit, configuration: configuration)
            print(try conversion.convert(bytes).prettyPrinted())
        } catch {
            throw CommandError(message: error.message, exitCode: 65)
        }
    }
}
