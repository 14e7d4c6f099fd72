/// The merged configuration and credentials files of AWS's SDKs (AWS SDKs and Tools Reference Guide, "Shared config and
/// credentials files").
struct SharedProfiles: Sendable, Hashable {
    /// The merged settings of the profiles; the credentials file has precedence.
    let profiles: [String: ProfileFile.Section]
    /// The settings of the profiles in the configuration file.
    let configured: [String: ProfileFile.Section]
    /// The settings of the profiles in the credentials file.
    let credentials: [String: ProfileFile.Section]
    /// The `[services NAME]` sections with endpoints, by name.
    let services: [String: ProfileFile.Section]

    /// - Parameters:
    ///   - configuration: the configuration file, with profiles named `[profile NAME]`, apart from `[default]`.
    ///   - credentials: the credentials file, with profiles named `[NAME]`.
    ///
    /// In both files a setting without a value counts as missing.
    init(configuration: ProfileFile = ProfileFile(), credentials: ProfileFile = ProfileFile()) {
        var configured: [String: ProfileFile.Section] = [:]
        var services: [String: ProfileFile.Section] = [:]
        for name in configuration.names {
            guard let section = configuration.sections[name]?.filter({ !$0.value.isEmpty }) else { continue }
            if name == "default" {
                configured[name] = section
            } else if let words = ShellWords.split(name), words.count == 2 {
                if name.hasPrefix("profile") { configured[words[1]] = section }
                if name.hasPrefix("services") { services[words[1]] = section }
            }
        }
        self.configured = configured
        self.services = services
        let own = credentials.sections.mapValues { $0.filter { !$0.value.isEmpty } }
        self.credentials = own
        profiles = configured.merging(own) { $0.merging($1) { _, last in last } }
    }
}
