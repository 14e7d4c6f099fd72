public import JSON

/// A finding as it is sent to Security Hub.
public struct FindingText: Sendable, Hashable {
    /// The finding's `Id`.
    public let id: String
    /// The finding in the AWS Security Finding Format: UTF-8 JSON.
    public let json: [UInt8]

    /// - Parameter json: written out already; its `Id` is the other parameter.
    public init(id: String, json: [UInt8]) {
        self.id = id
        self.json = json
    }

    /// Writes a finding out; nil if it has no `Id`.
    public init?(_ finding: JSON) {
        guard let id = finding["Id"]?.string else { return nil }
        self.init(id: id, json: finding.serialized())
    }
}

/// Findings that Security Hub takes in one request; made by ``FindingBatches``.
public struct FindingBatch: Sendable, Hashable {
    /// The findings, in the order in which they were given.
    public let findings: [FindingText]

    /// The body of the request.
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

    /// How long the body of so many findings with together so many bytes is.
    static func bodyBytes(count: Int, bytes: Int) -> Int {
        opening.count + bytes + max(count - 1, 0) + closing.count
    }
}

/// Findings split up as Security Hub takes them: up to 100 in one request, each of up to 240 KB, and no finding twice
/// in one request, because which of the two it keeps is not defined.
public struct FindingBatches: Sendable, Hashable {
    /// The most findings in one request.
    public static let maximumFindings = 100
    /// The longest finding, in bytes of JSON.
    public static let maximumFindingBytes = 240_000
    /// The longest body of a request. Security Hub takes 6 MB; one that fails is sent again whole.
    public static let maximumBytes = 1_000_000

    /// What can be sent, in the order in which it was given.
    public private(set) var batches: [FindingBatch] = []
    /// What is too long to be sent.
    public private(set) var oversized: [FindingText] = []

    /// Splits findings up.
    public init(_ findings: [FindingText]) {
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
