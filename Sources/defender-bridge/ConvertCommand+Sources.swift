import AWSCore
import ArgumentParser
import Bridge
import Encoding
import Glibc
import JSON
import Telemetry

extension ConvertCommand {
    /// Prints what the items of a mapped source's message become.
    func convertItems(of bytes: [UInt8], _ configuration: BridgeConfiguration) throws {
        let (mapping, converter) = try converter(configuration)
        if test { try runTests(of: mapping) }
        let items: [ConvertedItem]
        do throws(MessageConverter.ConversionError) {
            items = try converter.convert(bytes)
        } catch {
            throw CommandError(message: "cannot convert the message: \(error.message)", exitCode: 65)
        }
        if json {
            print(JSON.array(items.map(\.json)).prettyPrinted())
        } else {
            let findings = items.compactMap(\.finding)
            if !findings.isEmpty { print(JSON.array(findings).prettyPrinted()) }
            for line in items.compactMap(\.line) { Self.report(line) }
        }
        guard items.contains(where: \.hasEffect), !items.contains(where: \.isDeadLetter) else { throw ExitCode(65) }
    }

    private func converter(_ configuration: BridgeConfiguration) throws -> (MappingFile, SourceConverter) {
        guard let account = AccountID(account), let region = Region(region) else {
            throw CommandError(
                message: "invalid account or Region. Use an account of 12 digits and a Region such as us-east-1.",
                exitCode: 65)
        }
        let accountRegion = AccountRegion(account: account, region: region)
        let now = WallClock.now()
        if let mapping {
            let file = try MappingFile(named: mapping, key: "--mapping") { path throws(ConfigurationError) in
                try ConfigurationFile.read(path, key: "--mapping")
            }
            return (file, SourceConverter(file, in: accountRegion, receivedAt: now))
        }
        let name = source ?? ""
        guard let source = configuration.sources.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            throw ConfigurationError(
                "--source", "no source \"\(name)\" in the configuration. Run defender-bridge sources list.")
        }
        return (
            source.mapping,
            SourceConverter(source, severities: configuration.severities, in: accountRegion, receivedAt: now)
        )
    }

    private func runTests(of mapping: MappingFile) throws {
        let report = MappingTestReport(mapping)
        for line in report.lines { Self.report(line) }
        guard report.hasPassed else { throw ExitCode(65) }
    }

    private static func report(_ line: String) {
        StandardStream.write("defender-bridge: \(line.escapingControls())\n", to: STDERR_FILENO)
    }
}
