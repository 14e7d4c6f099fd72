import JSON
import SecurityFindings
import SourceMapping

/// A finding without its times and without the members that name the last audit or report, to detect changes that matter.
struct FindingContent: Equatable {
    /// The finding's JSON without the omitted members. Equal for equal content: findings are written in one way.
    private let bytes: [UInt8]

    private static let omitted = names(
        [
            "CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt",
            // These differ between audits with the same result.
            "GeneratorId", "SourceUrl", "Remediation",
            // Security Hub keeps these when a finding is imported again.
            "UserDefinedFields",
        ])
    private static let omittedFields = names(
        ["TaskId", "TaskType", "TaskStartTime", "ScheduledAuditName", "FindingId", ProductField.time])
    private static let productFields = Array("ProductFields".utf8)
    /// The members that follow from dispositions and options alone.
    private static let state = names(["RecordState", "Compliance", "ProductName", "CompanyName"])

    private static func names(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    init(_ finding: SecurityFinding) {
        let written = finding.serialized()
        bytes = Self.rest(of: written, omitting: Self.omitted) ?? written
    }

    /// Reads a finding of the ledger; nil if it is not valid.
    init?(stored: [UInt8]) {
        guard let rest = Self.rest(of: stored, omitting: Self.omitted) else { return nil }
        bytes = rest
    }

    /// Whether this content precedes another one. The order is arbitrary but the same on all replicas, and independent
    /// of what follows from dispositions and options.
    func isOrdered(before other: FindingContent) -> Bool {
        withoutState.lexicographicallyPrecedes(other.withoutState)
    }

    private var withoutState: [UInt8] { Self.rest(of: bytes, omitting: Self.state) ?? bytes }

    /// A finding's JSON without some members, and without the product fields that name the last audit; nil if it is not
    /// valid.
    private static func rest(of finding: [UInt8], omitting names: [[UInt8]]) -> [UInt8]? {
        guard let members = (try? JSONSlice(checking: finding))?.members() else { return nil }
        var rest: [UInt8] = []
        rest.reserveCapacity(finding.count)
        write(members, omitting: names, to: &rest)
        return rest
    }

    private static func write(_ members: [JSONSlice.Member], omitting names: [[UInt8]], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        for member in members where !names.contains(where: member.name.elementsEqual) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            output.append(UInt8(ascii: "\""))
            output += member.name
            output += [UInt8(ascii: "\""), UInt8(ascii: ":")]
            if member.name.elementsEqual(productFields), let fields = member.value.members() {
                write(fields, omitting: omittedFields, to: &output)
            } else {
                output += member.value.bytes
            }
        }
        output.append(UInt8(ascii: "}"))
    }
}
