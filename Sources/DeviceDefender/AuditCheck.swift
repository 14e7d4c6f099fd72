/// A Device Defender audit check, by its name in the AWS IoT API.
///
/// Any well-formed name is accepted, so that new checks work, with conservative defaults.
package struct AuditCheck: Sendable, Hashable, CustomStringConvertible {
    /// The name, for example `DEVICE_CERTIFICATE_EXPIRING_CHECK`.
    package let name: String

    /// The maximum length of a name, in characters.
    static let maximumNameLength = 128

    /// Parses a name; nil unless it is 1 to 128 ASCII letters, digits, dashes and underscores.
    package init?(name: String) {
        guard name.utf8.count <= Self.maximumNameLength, name.isIdentifier else { return nil }
        self.name = name
    }

    /// A name known to be well-formed.
    init(knownName: String) { name = knownName }

    /// The name.
    package var description: String { name }

    /// Device Defender's severity of the check; medium for an unknown check.
    package var severity: Severity { profile?.severity ?? .medium }

    /// A short title of the problem.
    package var title: String { profile?.title ?? Self.title(fromName: name) }

    /// The statement that holds when the check passes, as the end of a sentence; nil for an unknown check.
    package var passed: String? { profile?.passed }

    /// The remediation for a resource that fails the check, at most 512 characters.
    package var remediation: String {
        profile?.remediation
            ?? "Open the finding in the AWS IoT Device Defender console, fix the resource that it names, and run "
            + "the audit again."
    }

    /// Whether one resource can fail the check for several reasons, each with a separate finding.
    ///
    /// True for an unknown check: treating two findings as one would lose one.
    package var hasSeveralReasonCodes: Bool { profile?.hasSeveralReasonCodes ?? true }

    /// Whether the check detects unusual device behavior rather than a configuration problem.
    package var showsUnusualBehavior: Bool { profile?.showsUnusualBehavior ?? false }

    private var profile: AuditCheckProfile? { AuditCheckProfile.byName[name] }

    /// Makes a title from a name, without its trailing `CHECK`.
    private static func title(fromName name: String) -> String {
        var words = name.lowercased().split { $0 == "_" || $0 == "-" }
        if words.count > 1, words.last == "check" { words.removeLast() }
        let text = words.joined(separator: " ")
        return text.isEmpty ? name : text.prefix(1).uppercased() + text.dropFirst()
    }
}
