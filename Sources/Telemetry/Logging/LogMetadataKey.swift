import Encoding

/// The name of a field in a log line. These are all the fields that a line may have; `deploy/docs/logs.md` lists them.
package enum LogMetadataKey: String, Sendable, CaseIterable {
    // Every line
    case time, level, message, logger

    // Deliveries and findings
    case delivery
    case messageID = "messageId"
    case eventID = "eventId"
    case topic, account, region, source, attempt, milliseconds, outcome, finding, result, retryIn
    case audit, check, kind

    // Problems
    case reason, code, claim, command, error

    // HTTP requests and connections
    case request, peer, method, path, route, status, received, sent, tls, agent, idleClosed, refused

    // Operator actions
    case action, by, who, keys, signal

    // Start
    case version, listen, admin, tlsEnabled, topics

    // TLS certificates
    case name, validFrom, expiresAt

    // Counts and durations
    case count, findings, audits, alarms, ended, verifications, deliveries
    case dispositions = "judgements"
    case dropped, failures
    case duration = "for"
    case after, aheadSeconds, aheadOfAWS, heldFor

    // Store
    case file, table, row, lastRow

    // The log itself
    case line, repeats, seconds, lines, warnings

    /// The type of a field's value in JSON.
    package enum ValueType: String, Sendable {
        case string, integer, number, boolean
    }

    /// The type of the field's value.
    package var type: ValueType {
        switch self {
        case .attempt, .status, .received, .sent, .idleClosed, .refused, .signal, .topics, .count, .findings, .audits,
            .alarms, .ended, .verifications, .deliveries, .dispositions, .dropped, .failures, .aheadSeconds, .row,
            .lastRow, .repeats, .seconds, .lines, .warnings:
            .integer
        case .milliseconds: .number
        case .tlsEnabled: .boolean
        default: .string
        }
    }

    /// What the field contains, in Markdown.
    package var meaning: String {
        switch self {
        case .time: "When the event occurred, in UTC (ISO 8601, milliseconds)"
        case .level: "Severity: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`"
        case .message: "The event: one of the messages below"
        case .logger: "The program: `defender-bridge`"
        case .delivery:
            "Delivery ID: `sns:` and the message ID, or `eventbridge:` and the event ID; IDs of internal tasks begin with `schedule:` or `catch-up:`"
        case .messageID: "Amazon SNS message ID"
        case .eventID: "EventBridge event ID"
        case .topic: "ARN of the SNS topic"
        case .account: "AWS account ID; `all` if a pause applies to all accounts"
        case .region: "AWS Region"
        case .source: "Name of the mapped source; absent for Device Defender"
        case .attempt: "Number of the processing attempt, starting at 1"
        case .milliseconds:
            "Duration in milliseconds: of a request until its response, of a delivery from its receipt to its completion, of a check"
        case .outcome:
            "Result of a received delivery: a value of `outcome` of `defender_bridge_deliveries_total`, or the error code"
        case .finding: "Finding ID"
        case .result: "What happened to the finding: a value of `outcome` of `defender_bridge_findings_total`"
        case .retryIn: "Delay before the next attempt, for example `1.5 seconds`"
        case .audit: "Device Defender audit task ID"
        case .check: "Device Defender audit check"
        case .kind: "Kind of finding, as `kind` of `defender_bridge_findings_total`"
        case .reason: "Cause in words, often with the action to take. At most 2,048 bytes"
        case .code: "Cause as a code for programs"
        case .claim:
            "Token claim that did not match, or `timestamp` for a webhook's signature that is too old or from the future; for a "
                + "response with status 401"
        case .command: "Command for an operator to run. At most 2,048 bytes"
        case .error: "Error reported by a library"
        case .request: "Request ID, as in the response's `X-Request-Id`"
        case .peer: "Address and port of the client"
        case .method: "HTTP method"
        case .path: "Path of the URL, without the query"
        case .route: "Intake route: `/sns`, `/eventbridge` or `/webhooks`"
        case .status: "HTTP status code of the response"
        case .received: "Size of the request body in bytes"
        case .sent: "Size of the response body in bytes"
        case .tls: "TLS version of the connection; absent without TLS"
        case .agent: "`User-Agent` header of the request"
        case .idleClosed: "Number of idle connections closed in the last second"
        case .refused: "Number of new connections refused in the last second"
        case .action: "Action on dead letters, `replay` or `drop`, or on sending, `pause` or `resume`"
        case .by: "Operator who paused processing"
        case .who: "Name of the token of an action: `admin.token`, or a name of `admin.tokens`"
        case .keys: "Configuration keys, comma-separated"
        case .signal: "Signal number"
        case .version: "Version of Defender Bridge"
        case .listen: "Addresses of `listen.address`, comma-separated"
        case .admin: "Address of `admin.address`"
        case .tlsEnabled: "Whether `listen.address` uses TLS"
        case .topics: "Number of entries in `sns.topics`"
        case .name: "Common name of the certificate; empty if it has none"
        case .validFrom: "When the certificate becomes valid, in UTC (ISO 8601)"
        case .expiresAt: "When the certificate expires, in UTC (ISO 8601)"
        case .count: "Number of objects that the message is about; for a webhook's request, its items"
        case .findings: "Number of findings"
        case .audits: "Number of missed audits"
        case .alarms: "Number of missed alarms"
        case .ended: "Number of alarms whose end was missed"
        case .verifications: "Number of missed verification state changes"
        case .deliveries: "Number of deliveries"
        case .dispositions: "Number of dispositions (suppressions and verification states)"
        case .dropped: "Number of dead letters dropped since the last such line"
        case .failures: "Number of failed operations since the outage began"
        case .duration: "Duration of an outage, for example `5m 0s`; for a client timeout, the limit that was exceeded"
        case .after: "Time since the suspension began, for example `12 s`"
        case .aheadSeconds: "How far the watermark is ahead of the clock, in seconds"
        case .aheadOfAWS: "How far the clock is ahead of AWS's clock, for example `400 s`, or `unknown`"
        case .heldFor: "Remaining time during which deletion by age is suspended, for example `86400 s`"
        case .file: "Name of the moved file"
        case .table: "Table of the store that is being checked"
        case .row: "Row that the check has reached"
        case .lastRow: "Last row of the table"
        case .line: "Message of the repeated line"
        case .repeats: "Number of suppressed lines"
        case .seconds: "Time in which the lines were suppressed, in seconds"
        case .lines: "Number of dropped lines below `warning`"
        case .warnings: "Number of dropped warnings and errors"
        }
    }
}
