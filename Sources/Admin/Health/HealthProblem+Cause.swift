import Processing

extension HealthProblem {
    /// The cause of a problem. The raw values are those of `cause` in status.json.
    enum Cause: String, Sendable, Hashable, CaseIterable {
        case storeUnavailable = "store_unavailable"
        case nothingAccepted = "nothing_accepted"
        case certificate = "certificate"
        case diskFull = "disk_full"
        case queueFull = "queue_full"
        case deliveriesLate = "deliveries_late"
        case accountStalled = "account_stalled"
        case replicaClock = "replica_clock"
        case paused = "paused"
        case deadLetters = "dead_letters"
        case deadLetterLimit = "dead_letter_limit"
        case awsDenied = "aws_denied"
        case securityHubNotEnabled = "security_hub_not_enabled"
        case noCredentials = "no_credentials"
        case awsUnreachable = "aws_unreachable"
        case subscriptionPending = "subscription_pending"
        case subscriptionEnded = "subscription_ended"
        case catchUpOverdue = "catch_up_overdue"
        case misdirectedDeliveries = "misdirected_deliveries"
        case unrelatedMessages = "unrelated_messages"
        /// More problems than are listed.
        case more = "more"

        init(_ cause: CircuitBreaker.Cause) {
            self =
                switch cause {
                case .accessDenied: .awsDenied
                case .notEnabled: .securityHubNotEnabled
                case .noCredentials: .noCredentials
                case .unreachable: .awsUnreachable
                }
        }

        /// The section of the runbooks, as in the annotations of the alert rules; nil if there is none.
        var runbook: String? { alert.map { "deploy/docs/runbooks.md#\($0.lowercased())" } }

        /// The alert rule with the same meaning.
        private var alert: String? {
            switch self {
            case .storeUnavailable: "DefenderBridgeStoreDown"
            case .nothingAccepted: "DefenderBridgeNothingReceived"
            case .certificate: "DefenderBridgeCertificateExpires"
            case .diskFull: "DefenderBridgeDiskFilling"
            case .queueFull: "DefenderBridgeQueueFilling"
            case .deliveriesLate: "DefenderBridgeDeliveriesWait"
            case .accountStalled: "DefenderBridgeAccountStalled"
            case .replicaClock: "DefenderBridgeClockOffset"
            case .paused: "DefenderBridgePaused"
            case .deadLetters, .unrelatedMessages: "DefenderBridgeDeadLetters"
            case .deadLetterLimit: "DefenderBridgeDeadLettersNearLimit"
            case .awsDenied, .securityHubNotEnabled, .noCredentials, .awsUnreachable: "DefenderBridgeAccountDenied"
            case .subscriptionPending, .subscriptionEnded: "DefenderBridgeSubscriptionNotConfirmed"
            case .catchUpOverdue: "DefenderBridgeCatchUpBehind"
            case .misdirectedDeliveries: "DefenderBridgeNothingReceived"
            case .more: nil
            }
        }
    }
}
