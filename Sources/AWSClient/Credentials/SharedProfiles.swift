/// The shared configuration and credentials files of AWS's SDKs, put together (AWS SDKs and Tools Reference Guide, "Shared
/// config and credentials files").
struct SharedProfiles: Sendable, Hashable {
    /// The settings of the profiles in either file; where both say something, the credentials file counts.
    let profiles: [String: ProfileFile.Section]
    /// The settings of the profiles in the configuration file alone.
    let configured: [String: ProfileFile.Section]
    /// Those in the credentials file alone.
    let credentials: [String: ProfileFile.Section]
    /// The sections with endpoints, by their names (`[services NAME]`).
    let services: [String: ProfileFile.Section]

    /// - Parameters:
    ///   - configuration: whose profiles are called `[profile NAME]`, apart from `[default]`.
    ///   - credentials: whose profiles are called `[NAME]`.
    ///
    /// A setting without a value counts as missing in both.
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
