import Foundation
import TestSupport
import Testing

@testable import Bridge

@Suite("Configuration reload") struct ConfigurationReloadTests {
    private static func reload(
        _ started: [String: String], _ running: [String: String], _ read: [String: String]
    ) throws -> ConfigurationReload {
        ConfigurationReload(
            started: try ConfigurationTests.configuration(flags: started),
            running: try ConfigurationTests.configuration(flags: running),
            read: try ConfigurationTests.configuration(flags: read))
    }

    @Test("Changed keys are split into those applied immediately and those that need a restart")
    func changes() throws {
        let reload = try Self.reload(
            ["listen.loops": "1"], ["listen.loops": "1"],
            ["listen.loops": "2", "log.level": "debug", "sns.topics": ConfigurationTests.topic])
        #expect(reload.applied == ["sns.topics", "log.level"] && reload.kept == ["listen.loops"])
    }

    @Test("An applied change is reported once; a change that needs a restart is reported until it is reverted")
    func again() throws {
        let changed = ["listen.loops": "2", "log.level": "debug"]
        let second = try Self.reload([:], changed, changed)
        #expect(second.applied.isEmpty && second.kept == ["listen.loops"])
        let back = try Self.reload([:], changed, [:])
        #expect(back.applied == ["log.level"] && back.kept.isEmpty)
    }

    @Test("A changed secret is a change, the same secret from another source is not")
    func secrets() throws {
        let inFile = ["eventBridge.apiKeyFile": "/secret"]
        #expect(try Self.reload([:], inFile, ["eventBridge.apiKey": "from-file"]).applied.isEmpty)
        #expect(try Self.reload([:], inFile, ["eventBridge.apiKey": "other"]).applied == ["eventBridge.apiKey"])
    }

    @Test("configuration.md lists each key that needs a restart, and no other")
    func documented() throws {
        let kept = ConfigurationKey.all.filter { !$0.isReloadable }.map(\.name)
        let text = try Repository.text(of: "deploy/docs/configuration.md")
        let part = try #require(
            text.components(separatedBy: "<!-- restart: begin -->").last?
                .components(separatedBy: "<!-- restart: end -->").first)
        #expect(part.split(separator: "`").map(String.init).filter { $0.contains(".") } == kept)
        #expect(
            Set(kept.map { $0.split(separator: ".")[0] }) == ["listen", "admin", "store", "aws", "network"])
        #expect(kept.filter { $0.hasPrefix("store") } == ["store.url"])
        #expect(kept.filter { $0.hasPrefix("aws") } == ["aws.roles", "aws.roleName", "aws.externalId"])
    }
}
