extension ErrorCode {
    /// The documentation of codes of deliveries from EventBridge and from any sender; nil for other codes.
    var eventBridgeDocumentation: Documentation? {
        switch self {
        case .malformedJSON:
            Documentation(
                [400], [.sns, .eventBridge, .webhook], "The body is not JSON, nests too deeply, or repeats a member.",
                "Check who posts to the route, and an EventBridge rule's input transformer. Webhooks also accept a JSON value "
                    + "in each line; the message names the line.")
        case .invalidID:
            Documentation(
                [400], [.sns, .eventBridge], "The store rejected the delivery's id.",
                "Amazon SNS and EventBridge never send such an id. Check who posts to the route.")
        case .queueFull:
            Documentation(
                [503], [.sns, .eventBridge, .webhook], "The queue holds `store.maxPending` deliveries.",
                "Find out why processing is slow or suspended (`defender-bridge queue`). Senders retry.")
        case .storeUnavailable:
            Documentation(
                [503], [.sns, .eventBridge, .webhook, .readiness, .admin], "The store cannot be read or written.",
                "The log line's `reason` states the problem: disk full, read-only volume, database down. Senders retry."
            )
        case .unauthorized:
            Documentation(
                [401], [.eventBridge, .webhook, .admin],
                "Credentials are missing or wrong. Webhooks: or there is no such source.",
                "EventBridge: update the connection of the API destination to match `eventBridge.apiKey`, `eventBridge.basic` "
                    + "or `eventBridge.oauth.*`; the log line's `claim` names a wrong claim. Webhook: check the path, and the "
                    + "sender's credentials against `webhook.auth` of the source; the claim `timestamp` means that a clock is "
                    + "wrong. Admin address: send `admin.token`."
            )
        case .tooManyFailures:
            Documentation(
                [503, 429], [.eventBridge, .webhook, .admin],
                "Too many requests with missing or wrong credentials came from this address.",
                "Fix the credentials, then wait a minute.")
        case .tokenKeysUnavailable:
            Documentation(
                [503], [.eventBridge, .webhook],
                "The keys of `eventBridge.oauth.jwksURL`, or of a source's `jwksURL`, could not be fetched.",
                "Allow HTTPS from this machine to that URL. EventBridge retries for a day.")
        case .tooManyEvents:
            Documentation(
                [413], [.eventBridge], "The request has more than 100 events.", "Set the batch size to 100 or less.")
        case .malformedEvent:
            Documentation(
                [400], [.eventBridge], "The body is not an EventBridge event.",
                "Remove the input transformer from the rule: the bridge needs the whole event.")
        case .accountRegionNotServed:
            Documentation(
                [403], [.eventBridge], "The account and Region of the event have no topic in `sns.topics`.",
                "Add a topic of that account and Region to `sns.topics`, or narrow the rule's event pattern.")
        default: nil
        }
    }

    /// The documentation of codes of webhooks; nil for other codes.
    var webhookDocumentation: Documentation? {
        switch self {
        case .contentEncodingNotSupported:
            Documentation(
                [415], [.webhook], "The body is compressed: `Content-Encoding` is not `identity`.",
                "Turn off compression at the sender.")
        case .tooManyItems:
            Documentation(
                [413], [.eventBridge, .webhook], "The request has more than 1,000 items.", "Send smaller batches.")
        case .rateLimited:
            Documentation(
                [503], [.sns, .eventBridge, .webhook], "The source sends more items than its `rateLimit` allows.",
                "Raise `rateLimit`, or make the source send less. Senders that retry lose nothing.")
        case .clockNotTrusted:
            Documentation(
                [503], [.webhook],
                "The signed timestamp differs from this machine's time, which is not trusted: the clock jumped, or differs "
                    + "from AWS's.", "Synchronize this machine's clock (NTP). Senders that retry lose nothing.")
        default: nil
        }
    }
}
