/// A check of Device Defender's audits, by its name in the AWS IoT API.
///
/// Any name of the right form is taken, so that checks added after this was written work, with careful defaults.
public struct AuditCheck: Sendable, Hashable, CustomStringConvertible {
    /// The name, for example `DEVICE_CERTIFICATE_EXPIRING_CHECK`.
    public let name: String

    /// The longest name taken, in characters.
    static let maximumNameLength = 128

    /// Checks a name; nil unless it is 1 to 128 ASCII letters, digits, dashes and underscores.
    public init?(name: String) {
        guard name.utf8.count <= Self.maximumNameLength, name.isIdentifier else { return nil }
        self.name = name
    }

    /// A name known to be well-formed.
    init(knownName: String) { name = knownName }

    /// The name.
    public var description: String { name }

    /// How grave Device Defender takes it when a resource fails the check; medium for a check not known here.
    public var severity: Severity { profile?.severity ?? .medium }

    /// What is wrong with a resource that fails the check, in a few words.
    public var title: String { profile?.title ?? Self.title(fromName: name) }

    /// What is true when no resource fails the check, as the end of a sentence; nil for a check not known here.
    public var passed: String? { profile?.passed }

    /// What to do about a resource that fails the check, at most 512 characters.
    public var remediation: String {
        profile?.remediation
            ?? "Look up the finding in the AWS IoT Device Defender console, correct the resource that it names, and run "
            + "the audit again."
    }

    /// Whether one resource can fail the check for several reasons at once, each with a finding of its own.
    ///
    /// True for a check not known here: taking two findings for one would lose one.
    public var hasSeveralReasonCodes: Bool { profile?.hasSeveralReasonCodes ?? true }

    /// Whether a failure shows in how devices behave, rather than in how something is configured.
    public var showsUnusualBehavior: Bool { profile?.showsUnusualBehavior ?? false }

    private var profile: AuditCheckProfile? { AuditCheckProfile.byName[name] }

    /// The words of a name, without the `CHECK` at its end.
    private static func title(fromName name: String) -> String {
        var words = name.lowercased().split { $0 == "_" || $0 == "-" }
        if words.count > 1, words.last == "check" { words.removeLast() }
        let text = words.joined(separator: " ")
        return text.isEmpty ? name : text.prefix(1).uppercased() + text.dropFirst()
    }
}
