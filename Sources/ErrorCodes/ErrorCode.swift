/// A stable word for a reason why the bridge rejected, deferred or failed something: the only list of such words.
///
/// The same word is the member `error` of an HTTP response, the field `code` of a log line, and a label's value of a metric.
/// The raw values are part of the interface: alerts and clients search for them. `deploy/docs/errors.md` and `openapi.yaml` are
/// held against this type by a test.
public enum ErrorCode: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    // MARK: HTTP

    case malformedRequest = "malformed_request"
    case targetTooLong = "target_too_long"
    case headerFieldsTooLarge = "header_fields_too_large"
    case bodyTooLarge = "body_too_large"
    case expectationFailed = "expectation_failed"
    case methodNotImplemented = "method_not_implemented"
    case transferCodingNotSupported = "transfer_coding_not_supported"
    case httpVersionNotSupported = "http_version_not_supported"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case overloaded
    case clientLeft = "client_left"

    // MARK: Connections

    case tlsFailed = "tls_failed"
    case proxyHeaderRejected = "proxy_header_refused"
    case timedOut = "timed_out"

    // MARK: Deliveries

    case malformedJSON = "malformed_json"
    case invalidID = "invalid_id"
    case queueFull = "queue_full"
    case storeUnavailable = "store_unavailable"

    // MARK: Deliveries from Amazon SNS

    case rawDelivery = "raw_delivery"
    case unknownType = "unknown_type"
    case fieldMissing = "field_missing"
    case fieldAmbiguous = "field_ambiguous"
    case fieldInvalid = "field_invalid"
    case fieldNotAString = "field_not_a_string"
    case fieldTooLong = "field_too_long"
    case invalidTopicARN = "invalid_topic_arn"
    case invalidTimestamp = "invalid_timestamp"
    case invalidSignatureEncoding = "invalid_signature_encoding"
    case topicNotAllowed = "topic_not_allowed"
    case regionNotAllowed = "region_not_allowed"
    case accountNotAllowed = "account_not_allowed"
    case signatureVersionUnknown = "signature_version_unknown"
    case signatureVersionTooLow = "signature_version_too_low"
    case signingCertificateURLRejected = "signing_certificate_url_refused"
    case signingCertificateRejected = "signing_certificate_refused"
    case signatureMismatch = "signature_mismatch"
    case subscribeURLRejected = "subscribe_url_refused"
    case signingCertificateUnavailable = "signing_certificate_unavailable"
    case signingCertificateNotValid = "signing_certificate_not_valid"
    case signatureUnverifiable = "signature_unverifiable"
    case messageTooOld = "message_too_old"
    case messageFromFuture = "message_from_future"
    case confirmationFailed = "confirmation_failed"

    // MARK: Deliveries from Amazon EventBridge

    case unauthorized
    case tooManyFailures = "too_many_failures"
    case tokenKeysUnavailable = "token_keys_unavailable"
    case tooManyEvents = "too_many_events"
    case malformedEvent = "malformed_event"
    case accountRegionNotServed = "account_region_not_served"

    // MARK: Deliveries by webhooks

    case contentEncodingNotSupported = "content_encoding_not_supported"
    case tooManyItems = "too_many_items"
    case rateLimited = "rate_limited"
    case clockNotTrusted = "clock_not_trusted"

    // MARK: The admin address

    case hostNotAllowed = "host_not_allowed"
    case actionsOff = "actions_off"
    case foreignOrigin = "foreign_origin"
    case noSuchDeadLetter = "no_such_dead_letter"
    case noSuchDelivery = "no_such_delivery"
    case noSuchAccountRegion = "no_such_account_region"
    case invalidQuery = "invalid_query"
    case invalidAction = "invalid_action"
    case tooManyViewers = "too_many_viewers"
    /// Logged for `actions_off`.
    case off
    /// Logged for `foreign_origin`.
    case foreign
    /// Logged for `too_many_failures` on the admin address.
    case overLimit

    // MARK: Dead letters

    case notUnderstood = "not_understood"
    /// Also logged for `unauthorized` on the admin address.
    case refused
    case attempts
    case denied
    case wrongAccount = "wrong_account"
    case sourceNotConfigured = "source_not_configured"

    // MARK: Suspended accounts and Regions

    case accessDenied
    case notEnabled
    case noCredentials
    case unreachable

    /// The raw value.
    public var description: String { rawValue }

    /// Where operators and clients meet a code.
    public enum Place: String, Sendable, Hashable, CaseIterable {
        /// Responses of both addresses, before a handler sees the request; `defender_bridge_http_faults_total`.
        case http = "any request"
        /// The log and `defender_bridge_http_faults_total`: there is no response.
        case connection
        /// Responses to `POST /sns`; `defender_bridge_refusals_total`.
        case sns = "`/sns`"
        /// Responses to `POST /eventbridge`; `defender_bridge_refusals_total`.
        case eventBridge = "`/eventbridge`"
        /// Responses to `POST /webhooks/{source}`; `defender_bridge_refusals_total`.
        case webhook = "`/webhooks`"
        /// Responses to `GET /readyz`.
        case readiness = "`/readyz`"
        /// Responses of the admin address.
        case admin = "admin address"
        /// The log of the admin address only.
        case adminLog = "admin log"
        /// The log and `defender_bridge_dead_letters_total`.
        case deadLetter = "dead letter"
        /// The log, `/status.json` and the circuit breaker.
        case suspension
    }

    /// The documentation of a code, for operators.
    public struct Documentation: Sendable {
        /// The statuses of the HTTP responses that carry the code; empty if none does.
        public let statuses: [Int]
        /// Where the code appears.
        public let places: [Place]
        /// What happened. One or more sentences.
        public let meaning: String
        /// What to do. One or more sentences.
        public let remediation: String

        init(_ statuses: [Int], _ places: [Place], _ meaning: String, _ remediation: String) {
            self.statuses = statuses
            self.places = places
            self.meaning = meaning
            self.remediation = remediation
        }
    }
}
