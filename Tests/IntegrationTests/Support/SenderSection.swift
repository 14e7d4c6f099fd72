import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// A section of `deploy/docs/senders.md` with its configurations.
struct SenderSection {
    /// The secret of all sources: a key of Standard Webhooks that is long enough for all other kinds.
    static let secret = "whsec_" + Data("0123456789abcdef0123456789abcdef".utf8).base64EncodedString()

    /// The blocks in order, each with its language.
    private let blocks: [(language: Substring, text: String)]

    /// - Parameter heading: the section's heading.
    init(_ heading: String) throws {
        let text = try String(contentsOfFile: Paths.inPackage("deploy/docs/senders.md"), encoding: .utf8)
        let sections = text.components(separatedBy: "\n## ")
        let section = try #require(sections.first { $0.hasPrefix(heading + "\n") }, "no section \(heading)")
        // Text and blocks alternate.
        blocks = section.components(separatedBy: "\n```").enumerated().filter { $0.offset % 2 == 1 }.map { _, block in
            let lines = block.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return (lines[0], lines.dropFirst().joined() + "\n")
        }
    }

    /// A block of a language.
    ///
    /// - Parameters:
    ///   - index: its number among those of the language.
    ///   - changes: texts to replace, one after the other. Each must occur.
    func block(
        _ language: String, _ index: Int, replacing changes: KeyValuePairs<String, String> = [:]
    ) throws -> String {
        let all = blocks.filter { $0.language == language }
        try #require(all.indices.contains(index), "no block \(index) of \(language)")
        var text = all[index].text
        for (original, replacement) in changes {
            try #require(text.contains(original), "\(original) is not in \(text)")
            text = text.replacingOccurrences(of: original, with: replacement)
        }
        return text
    }

    /// Starts a bridge with the section's sources, which are in its first block.
    ///
    /// - Parameter address: the listen address.
    func startBridge(
        in world: IntegrationEnvironment, at address: String = "127.0.0.1:0"
    ) async throws -> BridgeProcess {
        let text = try block("yaml", 0, replacing: ["eu-central-1": world.accountRegion.region.name])
        for match in text.matches(of: #//run/secrets/(\w+)/#) {
            try world.folder.write(Self.secret, as: String(match.1))
        }
        let sources = text.replacingOccurrences(of: "/run/secrets", with: world.folder.path)
        let file = try world.folder.write(sources, as: "bridge.yaml")
        return try await world.start(["listen.address": address], arguments: ["--config", file])
    }
}

extension IntegrationEnvironment {
    /// Waits until a finding of a mapped source has a record state.
    ///
    /// - Parameters:
    ///   - name: source and parts of the ID.
    ///   - severity: the severity that it must have, too; nil for any.
    @discardableResult
    func waitForFinding(_ name: String, _ state: String, severity: String? = nil) async throws -> JSON {
        let id = "arn:aws:defender-bridge:\(accountRegion.region):\(accountRegion.account):\(name)"
        let finding = try await eventually("\(name) to be \(state)", within: .seconds(60)) {
            aws.finding(id, in: accountRegion)
        } is: { finding in
            let label = finding?["Severity"]?["Label"]?.string
            return finding?["RecordState"]?.string == state && (severity == nil || label == severity)
        }
        return try #require(finding)
    }
}
