import JSON
import Testing

@testable import Bridge

@Suite("Effective values") struct ConfigurationSettingTests {
    private static let secret = "0123456789abcdef"

    private static func report(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String
    ) throws -> ConfigurationReport {
        let configuration = try BridgeConfiguration(
            flags: flags, environment: environment, file: file, path: "/etc/b.yaml"
        ) { path throws(ConfigurationError) in
            path == "/two" ? Array("\(secret)-file".utf8) : Array("\(secret)\n".utf8)
        }
        return ConfigurationReport(configuration, file: "/etc/b.yaml")
    }

    /// The settings by key: source, location and value.
    private static func settings(_ report: ConfigurationReport) -> [String: [String?]] {
        Dictionary(
            uniqueKeysWithValues: (report.json["settings"]?.array ?? []).map { setting in
                (setting["key"]?.string ?? "", ["source", "location", "value"].map { setting[$0]?.string })
            })
    }

    @Test("Each key has its value with what sets it, and secrets are masked")
    func keys() throws {
        let report = try Self.report(
            flags: ["log.level": "debug"],
            environment: [
                "BRIDGE_SECURITY_HUB_BURST": "7", "BRIDGE_LISTEN_LOOPS": "2", "BRIDGE_ADMIN_HOSTS": "",
                "BRIDGE_EVENT_BRIDGE_BASIC": "user:\(Self.secret)",
            ],
            file: """
                listen: {loops: 3, address: 0.0.0.0:1}
                admin:
                  hosts: bridge
                  tokenFile: /secret
                eventBridge:
                  apiKey: \(Self.secret)
                store.url: sqlite:///var/lib/x.db
                """)
        let settings = Self.settings(report)
        #expect(Set(settings.keys).subtracting(ConfigurationKey.names) == [])
        #expect(settings.count == ConfigurationKey.all.count)
        #expect(settings["log.level"] == ["flag", "--set", "debug"])
        #expect(settings["securityHub.burst"] == ["environment", "BRIDGE_SECURITY_HUB_BURST", "7"])
        #expect(settings["listen.loops"] == ["environment", "BRIDGE_LISTEN_LOOPS", "2"])
        #expect(settings["listen.address"] == ["file", "/etc/b.yaml:1", "0.0.0.0:1"])
        #expect(settings["admin.address"] == ["default", nil, "127.0.0.1:9090"])
        // An empty variable unsets the key.
        #expect(settings["admin.hosts"] == ["default", nil, nil])
        #expect(settings["admin.tokenFile"] == ["file", "/etc/b.yaml:4", "/secret"])
        #expect(settings["eventBridge.apiKey"] == ["file", "/etc/b.yaml:6", "********"])
        #expect(settings["eventBridge.basic"] == ["environment", "BRIDGE_EVENT_BRIDGE_BASIC", "********"])
        #expect(settings["store.url"] == ["file", "/etc/b.yaml:7", "sqlite:///var/lib/x.db"])
        let text = (report.lines + [report.json.prettyPrinted()]).joined(separator: "\n")
        #expect(!text.contains(Self.secret))
        #expect(report.lines.first == "Configuration file: /etc/b.yaml")
        #expect(
            report.lines.contains {
                $0.wholeMatch(of: /log\.format +default +text on a terminal, json otherwise/) != nil
            })
        let remote = try Self.report(file: "store.url: postgresql://user:pa55@host/db\n")
        #expect(Self.settings(remote)["store.url"] == ["file", "/etc/b.yaml:1", "********"])
    }

    @Test("Keys of sources are shown with their lines, and their secrets with what sets them")
    func sources() throws {
        let file = """
            sources:
              plant:
                mapping: nozomi
                webhook:
                  account: "111122223333"
                  region: eu-central-1
                  auth: {bearer: {token: \(Self.secret)}}
                expireAfter: 7d
              other:
                mapping: alertmanager
                topics: ["arn:aws:sns:us-east-1:111122223333:a"]
                webhook:
                  account: "111122223333"
                  region: eu-central-1
                  auth: {apiKey: {header: x-key, keysFile: /one}}
            """
        let token = "sources.plant.webhook.auth.bearer.token"
        let keys = "sources.other.webhook.auth.apiKey.keys"
        let settings = Self.settings(try Self.report(file: file))
        #expect(settings["sources.plant.mapping"] == ["file", "/etc/b.yaml:3", "nozomi"])
        #expect(settings["sources.plant.expireAfter"] == ["file", "/etc/b.yaml:8", "7d"])
        #expect(settings[token] == ["file", "/etc/b.yaml:7", "********"])
        #expect(settings[keys + "File"] == ["file", "/etc/b.yaml:15", "/one"] && settings[keys] == nil)
        #expect(
            settings["sources.other.topics"]
                == ["file", "/etc/b.yaml:11", "[\"arn:aws:sns:us-east-1:111122223333:a\"]"])
        let changed = Self.settings(
            try Self.report(
                environment: [
                    "BRIDGE_SOURCES_OTHER_KEYS": Self.secret, "BRIDGE_SOURCES_PLANT_TOKEN_FILE": "/two",
                ], file: file))
        #expect(changed[keys] == ["environment", "BRIDGE_SOURCES_OTHER_KEYS", "********"])
        #expect(changed[keys + "File"] == nil && changed[token] == nil)
        #expect(changed[token + "File"] == ["environment", "BRIDGE_SOURCES_PLANT_TOKEN_FILE", "/two"])
    }
}
