package import JSON

/// A finding serialized for Security Hub.
package struct FindingText: Sendable, Hashable {
    /// The finding's `Id`.
    package let id: String
    /// The finding in the AWS Security Finding Format: UTF-8 JSON.
    package let json: [UInt8]

    /// - Parameter json: the serialized finding; its `Id` must equal `id`.
    package init(id: String, json: [UInt8]) {
        self.id = id
        self.json = json
    }

    /// Serializes a finding; nil if it has no `Id`.
    package init?(_ finding: JSON) {
        guard let id = finding["Id"]?.string else { return nil }
        self.init(id: id, json: finding.serialized())
    }
}

/// Findings for one `BatchImportFindings` request; made by ``FindingBatches``.
package struct FindingBatch: Sendable, Hashable {
    /// The findings, in input order.
    package let findings: [FindingText]

    /// The request body.
    var body: [UInt8] {
        var body = Self.opening
        body.reserveCapacity(Self.bodyBytes(count: findings.count, bytes: findings.reduce(0) { $0 + $1.json.count }))
        for (index, finding) in findings.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += finding.json
        }
        return body + Self.closing
    }

    private static let opening = Array(#"{"Findings":["#.utf8)
    private static let closing = Array("]}".utf8)

    /// The body's length for a number of findings with a total number of bytes.
    static func bodyBytes(count: Int, bytes: Int) -> Int {
        opening.count + bytes + max(count - 1, 0) + closing.count
    }
}

/// Splits findings into batches within Security Hub's limits: up to 100 findings a request, up to 240 KB each, and no
/// finding twice in one request, because it is undefined which of the two Security Hub keeps.
package struct FindingBatches: Sendable, Hashable {
    /// The maximum number of findings in one request.
    package static let maximumFindings = 100
    /// The maximum size of a finding, in bytes of JSON.
    package static let maximumFindingBytes = 240_000
    /// The maximum size of a request body, in bytes. Security Hub allows 6 MB; smaller bodies make retries cheaper.
    package static let maximumBytes = 1_000_000

    /// The batches to send, in input order.
    package private(set) var batches: [FindingBatch] = []
    /// The findings over ``maximumFindingBytes``.
    package private(set) var oversized: [FindingText] = []

    /// Splits findings into batches.
    package init(_ findings: [FindingText]) {
        var open = OpenBatch()
        for finding in findings {
            guard finding.json.count <= Self.maximumFindingBytes else {
                oversized.append(finding)
                continue
            }
            if !open.fits(finding) {
                batches.append(FindingBatch(findings: open.findings))
                open = OpenBatch()
            }
            open.append(finding)
        }
        if !open.findings.isEmpty { batches.append(FindingBatch(findings: open.findings)) }
    }

    private struct OpenBatch {
        var findings: [FindingText] = []
        var bytes = 0
        var ids: Set<String> = []

        func fits(_ finding: FindingText) -> Bool {
            findings.count < maximumFindings
                && FindingBatch.bodyBytes(count: findings.count + 1, bytes: bytes + finding.json.count) <= maximumBytes
                && !ids.contains(finding.id)
        }

        mutating func append(_ finding: FindingText) {
            findings.append(finding)
            bytes += finding.json.count
            ids.insert(finding.id)
        }
    }
}
