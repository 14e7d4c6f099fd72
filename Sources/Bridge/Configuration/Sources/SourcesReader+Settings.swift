import JSON
import SourceMapping

extension SourcesReader {
    /// The values of the sources with what sets them, in the order of the file.
    var settings: [ConfigurationSetting] {
        tree.names.flatMap { settings(tree.value[$0] ?? .null, at: tree.path.member($0)) }
    }

    private func settings(_ value: JSON, at path: TreePath) -> [ConfigurationSetting] {
        guard let members = value.object else {
            if secrets.overrides.contains(where: { $0.replaces(path) }) { return [] }
            let text = value.string ?? String(decoding: value.serialized(), as: UTF8.self)
            return [
                ConfigurationSetting(
                    "\(path)", text, .file("\(tree.file):\(tree.line(of: path))"),
                    isSecret: Self.secretKeys.contains(Self.key(path)))
            ]
        }
        let parts = members.map { (value: $0.value, path: path.member($0.key.string)) }
            .map { (line: tree.line(of: $0.path), name: "\($0.path)", part: $0) }
            .sorted { ($0.line, $0.name) < ($1.line, $1.name) }
        return parts.flatMap { settings($0.part.value, at: $0.part.path) }
            + secrets.overrides.filter { $0.path.steps.dropLast() == path.steps[...] }.map(\.setting)
    }

    /// The keys of secrets in a source, for example `webhook.auth.hmac.secret`.
    private static let secretKeys = Set(
        SourceKeyDescription.all.filter { $0.environmentVariable != nil }.map { description in
            description.name.split(separator: ".").dropFirst(2).joined(separator: ".")
        })

    /// The key in its source.
    private static func key(_ path: TreePath) -> String {
        path.steps.dropFirst(2).map { step in
            switch step {
            case .member(let name): name.string
            case .element(let index): "\(index)"
            }
        }.joined(separator: ".")
    }
}

extension SourceSecrets.Override {
    /// Whether the variable takes precedence over a key of the file.
    fileprivate func replaces(_ other: TreePath) -> Bool { other == path || "\(other)" == "\(path)File" }

    fileprivate var setting: ConfigurationSetting {
        file.map { ConfigurationSetting("\(path)File", $0, .variable(variable + "_FILE"), isSecret: false) }
            ?? ConfigurationSetting("\(path)", nil, .variable(variable), isSecret: true)
    }
}
