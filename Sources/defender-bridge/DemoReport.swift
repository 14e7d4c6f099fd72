import JSON
import LocalAWS

/// A table of findings by severity and record state.
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
        let rows = Self.severities.map { row($0, $0) } + [row("total", nil)]
        text = "    severity           active  archived     total\n" + rows.joined(separator: "\n") + "\n"
    }

    /// The commands that query the simulated Security Hub with the AWS CLI.
    static func hint(_ aws: LocalAWS) -> String {
        let exports = aws.endpointEnvironment.sorted { $0.key < $1.key }.map { "    export \($0.key)=\($0.value)" }
        return """

                To query the findings with the AWS CLI, run in another terminal:

            \(exports.joined(separator: "\n"))
                aws securityhub get-findings --max-items 5 --query 'Findings[].[Severity.Label,RecordState,Title]' --output text
                aws securityhub get-findings --filters '{"WorkflowStatus":[{"Value":"SUPPRESSED","Comparison":"EQUALS"}]}'

            """
    }
}
