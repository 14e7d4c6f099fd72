import Cryptography
package import JSON

/// A digest of what Device Defender reported about one audit finding, and of what decides how that is mapped: findings
/// with equal digests need no update.
///
/// Covers all members of the finding except those that differ in every audit.
package struct AuditFindingDigest: Sendable, Hashable {
    /// The SHA-256 digest: 32 bytes.
    package let bytes: [UInt8]

    /// The members that differ in every audit.
    private static let auditMembers = names(["findingId", "taskId", "taskStartTime", "findingTime"])
    /// The members that identify a finding.
    private static let requiredMembers = names(["checkName", "nonCompliantResource"])

    private static func names(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    /// Digests an element of `ListAuditFindings`.
    ///
    /// Nil if only parsing can tell what it reports: it is not an object, lacks a member that identifies the finding, or
    /// has a name that is written with escapes.
    ///
    /// - Parameter fingerprint: of the configuration; see ``MappingOptions/fingerprint(of:)``.
    package init?(_ finding: JSONSlice, fingerprint: MappingFingerprint) {
        guard let members = finding.members() else { return nil }
        var input = DigestInput()
        input.append(fingerprint.bytes)
        var identified = 0
        for member in members where !Self.auditMembers.contains(where: member.name.elementsEqual) {
            guard !member.hasEscapes else { return nil }
            if Self.requiredMembers.contains(where: member.name.elementsEqual) { identified += 1 }
            input.append(member.name)
            input.append(member.value.bytes)
        }
        guard identified == Self.requiredMembers.count else { return nil }
        bytes = input.digest
    }
}

/// A digest of what decides how audit findings are mapped, apart from the findings.
package struct MappingFingerprint: Sendable, Hashable {
    /// The SHA-256 digest: 32 bytes.
    let bytes: [UInt8]

    /// Digests texts, in order.
    init(_ texts: [String]) {
        var input = DigestInput()
        for text in texts { input.append(text.utf8) }
        bytes = input.digest
    }
}

/// A sequence of byte strings. Each follows its length, so that different sequences have different digests.
private struct DigestInput {
    private var bytes: [UInt8] = []

    /// - Parameter part: less than 4 GB.
    mutating func append(_ part: some Collection<UInt8>) {
        let length = UInt32(part.count)
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        bytes += part
    }

    var digest: [UInt8] { Digest.sha256(bytes) }
}
