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

            The configuration is read as serve reads it, so that the severities are those of mapping.severities.
            """)

    @Argument(help: ArgumentHelp("The file with the message; - is standard input.", valueName: "file"))
    var file: String

    @Option(help: "The account that the message is from, where it does not say so itself.")
    var account = "111122223333"

    @Option(help: "The Region that the message is from, where it does not say so itself.")
    var region = "us-east-1"

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    func run() throws {
        let severities = try options.load(environment: ProcessInfo.processInfo.environment).severities
        let bytes: [UInt8]
        if file == "-" {
            bytes = Array(FileHandle.standardInput.readData(ofLength: ConfigurationFile.maximumLength + 1))
        } else {
            bytes = try ConfigurationFile.read(file, key: "FILE")
        }
        do throws(Conversion.Failure) {
            let findings = try Conversion.convert(bytes, account: account, region: region, severities: severities)
            print(findings.prettyPrinted())
        } catch {
            throw CommandFailure(message: error.message, exitCode: 65)
        }
    }
}
