public import JSON

/// Findings that Security Hub takes in one request; made by ``FindingBatches``.
public struct FindingBatch: Sendable, Hashable {
    /// The findings, in the order in which they were given.
    public let findings: [JSON]
    /// The body of the request.
    let body: [UInt8]
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
    public private(set) var oversized: [JSON] = []

    /// Splits findings up.
    public init(_ findings: [JSON]) {
        var open = OpenBatch()
        for finding in findings {
            let bytes = finding.serialized()
            guard bytes.count <= Self.maximumFindingBytes else {
                oversized.append(finding)
                continue
            }
            if !open.takes(finding, bytes: bytes) {
                batches.append(open.closed())
                open = OpenBatch()
            }
            open.append(finding, bytes: bytes)
        }
        if !open.findings.isEmpty { batches.append(open.closed()) }
    }

    private struct OpenBatch {
        var findings: [JSON] = []
        var body = Array(#"{"Findings":["#.utf8)
        var ids: Set<JSON> = []

        func takes(_ finding: JSON, bytes: [UInt8]) -> Bool {
            let end = 2
            return findings.count < maximumFindings && body.count + 1 + bytes.count + end <= maximumBytes
                && !ids.contains(finding["Id"] ?? .null)
        }

        mutating func append(_ finding: JSON, bytes: [UInt8]) {
            if !findings.isEmpty { body.append(UInt8(ascii: ",")) }
            body += bytes
            findings.append(finding)
            ids.insert(finding["Id"] ?? .null)
        }

        func closed() -> FindingBatch { FindingBatch(findings: findings, body: body + Array("]}".utf8)) }
    }
}
