import Bridge

/// What `--version` prints: the program and its build, then the libraries that it runs with, a line each.
enum VersionText {
    static var text: String {
        let libraries = BuildInformation.libraries.map { "\($0) \($1)" }
        return (["defender-bridge \(Bridge.version)"] + build + libraries).joined(separator: "\n")
    }

    /// Commit and date, if deploy/packages/build.sh built the program.
    private static var build: [String] {
        guard let commit = BuildInformation.commit, let date = BuildInformation.date else { return ["unknown build"] }
        return ["commit \(commit)", "built \(date)"]
    }
}
