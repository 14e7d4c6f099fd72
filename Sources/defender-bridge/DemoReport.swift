import JSON
import LocalAWS

/// The findings by severity and state, as a table.
struct DemoReport {
    private static let severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]

    /// The table.
    let text: String

    init(_ findings: [JSON]) {
        func count(_ severity: String?, _ state: String?) -> String {
            let count = findings.filter { finding in
                (severity == nil || finding["Severity"]?["Label"]?.string == severity)
                    && (state == nil || finding["RecordState"]?.string == state)
            }.count
            return String(repeating: " ", count: max(0, 10 - String(count).count)) + String(count)
        }
        func row(_ name: String, _ severity: String?) -> String {
            let padded = name + String(repeating: " ", count: max(0, 15 - name.count))
            return "    \(padded)\(count(severity, "ACTIVE"))\(count(severity, "ARCHIVED"))\(count(severity, nil))"
        }
        let rows = Self.severities.map { row($0, $0) } + [row("all", nil)]
        text = "    severity           active  archived       all\n" + rows.joined(separator: "\n") + "\n"
    }

    /// How to ask the stand-in with the `aws` command.
    static func hint(_ aws: LocalAWS) -> String {
        let exports = aws.endpointEnvironment.sorted { $0.key < $1.key }.map { "    export \($0.key)=\($0.value)" }
        return """

                Ask for the findings yourself, in another terminal:

            \(exports.joined(separator: "\n"))
                aws securityhub get-findings --max-items 5 --query 'Findings[].[Severity.Label,RecordState,Title]' --output text
                aws securityhub get-findings --filters '{"WorkflowStatus":[{"Value":"SUPPRESSED","Comparison":"EQUALS"}]}'

            """
    }
}
