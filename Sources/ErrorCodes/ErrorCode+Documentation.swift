extension ErrorCode {
    /// The code's statuses, places, meaning and remediation: a row of `deploy/docs/errors.md`.
    public var documentation: Documentation {
        httpDocumentation ?? snsDocumentation ?? eventBridgeDocumentation ?? webhookDocumentation
            ?? adminDocumentation ?? processingDocumentation
    }

    private var httpDocumentation: Documentation? {
        switch self {
        case .malformedRequest:
            Documentation(
                [400], [.http],
                "The request violates HTTP's grammar (RFC 9110, RFC 9112), or two parsers could read it differently.",
                "Fix the client or the proxy that sent it; the log line's `reason` names the rule. Scanners cause this, too."
            )
        case .targetTooLong:
            Documentation([414], [.http], "The request line has more than 8,192 bytes.", "Send a shorter target.")
        case .headerFieldsTooLarge:
            Documentation(
                [431], [.http], "The header has more than 16,384 bytes or 100 fields.",
                "Send fewer or shorter header fields.")
        case .bodyTooLarge:
            Documentation(
                [413, 400], [.http, .sns], "The body has more than 1,048,576 bytes.",
                "Send a smaller body. Messages of Amazon SNS are never this large.")
        case .expectationFailed:
            Documentation(
                [417], [.http], "`Expect` has a value other than `100-continue`.", "Remove the `Expect` header field.")
        case .methodNotImplemented:
            Documentation(
                [501], [.http], "The method is `CONNECT` or unknown.", "Use a method of openapi.yaml.")
        case .transferCodingNotSupported:
            Documentation(
                [501], [.http], "`Transfer-Encoding` has a coding other than `chunked`.",
                "Send the body with `Content-Length` or `Transfer-Encoding: chunked`.")
        case .httpVersionNotSupported:
            Documentation(
                [505], [.http], "The request is not HTTP/1.x.",
                "Use HTTP/1.1. Configure a proxy to use HTTP/1.1 toward the bridge.")
        case .notFound:
            Documentation(
                [404], [.http], "No route has this path.",
                "Check the path. Amazon SNS delivers to `/sns`, EventBridge to `/eventbridge`.")
        case .methodNotAllowed:
            Documentation(
                [405], [.http], "The path does not allow this method.",
                "Use a method of the response's `Allow` header field.")
        case .overloaded:
            Documentation(
                [503], [.http, .sns, .eventBridge, .webhook],
                "Too many requests are in progress, or they hold too much memory.",
                "None if it is rare: senders retry. If it persists, check the store's latency, or add bridges (PostgreSQL)."
            )
        case .clientLeft:
            Documentation(
                [503], [.sns, .eventBridge, .webhook],
                "The client closed the connection before the bridge read the delivery.",
                "None: senders retry. If it persists, the bridge is slower than the sender's timeout; check the store's latency."
            )
        case .tlsFailed:
            Documentation(
                [], [.connection], "A TLS handshake or record failed.",
                "Check the certificate chain and the client's TLS versions. Scanners and TCP health checks cause this, too."
            )
        case .proxyHeaderRejected:
            Documentation(
                [], [.connection],
                "`listen.proxyProtocol` is on, and the connection has no PROXY header of version 2 or is not from a trusted proxy.",
                "Enable PROXY protocol version 2 on the load balancer, or add its addresses to `listen.trustedProxies`."
            )
        case .timedOut:
            Documentation(
                [], [.connection], "The client exceeded a time limit; the log line's `for` names it.",
                "None if it is rare. If a sender is affected, check the network between it and the bridge.")
        default: nil
        }
    }

    private var snsDocumentation: Documentation? {
        let field = "Amazon SNS never sends this. Check who posts to `/sns`; the log line's `peer` is its address."
        let forgery =
            "If it persists, treat it as an attempt to forge messages: restrict who can reach `listen.address`."
        let clock = "Synchronize this machine's clock (NTP)."
        return switch self {
        case .rawDelivery:
            Documentation(
                [400], [.sns], "The message has no SNS envelope, so it has no signature.",
                "Turn off raw message delivery for the subscription.")
        case .unknownType:
            Documentation([400], [.sns], "The envelope's `Type` is unknown.", field)
        case .fieldMissing:
            Documentation([400], [.sns], "A field of the envelope is missing or empty.", field)
        case .fieldAmbiguous:
            Documentation(
                [400], [.sns], "A field of the envelope is present with both spellings (`…URL` and `…Url`).", field)
        case .fieldInvalid:
            Documentation([400], [.sns], "A field of the envelope contains a control character.", field)
        case .fieldNotAString:
            Documentation([400], [.sns], "A field of the envelope is not a string.", field)
        case .fieldTooLong:
            Documentation([400], [.sns], "A field of the envelope is too long.", field)
        case .invalidTopicARN:
            Documentation([400], [.sns], "`TopicArn` is not the ARN of an SNS topic.", field)
        case .invalidTimestamp:
            Documentation([400], [.sns], "`Timestamp` is not an ISO 8601 time in UTC.", field)
        case .invalidSignatureEncoding:
            Documentation([400], [.sns], "`Signature` is not Base64.", field)
        case .topicNotAllowed:
            Documentation(
                [403], [.sns], "The topic is not in `sns.topics`.",
                "If the topic is yours, add it to `sns.topics`. Otherwise restrict who can reach `listen.address`.")
        case .regionNotAllowed:
            Documentation(
                [403], [.sns], "The topic's Region is not in `aws.regions`.",
                "If the bridge serves the Region, add it to `aws.regions`. Otherwise delete the subscription.")
        case .accountNotAllowed:
            Documentation(
                [403], [.sns], "The message on a central topic belongs to an account that is not in `sns.accounts`.",
                "If the account is yours, add it to `sns.accounts`.")
        case .signatureVersionUnknown:
            Documentation([403], [.sns], "`SignatureVersion` is neither 1 nor 2.", field)
        case .signatureVersionTooLow:
            Documentation(
                [403], [.sns], "The topic signs with a version below `sns.minimumSignatureVersion`.",
                "Set the topic's attribute `SignatureVersion` to 2.")
        case .signingCertificateURLRejected:
            Documentation(
                [403], [.sns], "`SigningCertURL` is not on the SNS host of the topic's Region.", forgery)
        case .signingCertificateRejected:
            Documentation(
                [403], [.sns], "The signing certificate does not exist, cannot be read, or is not one of Amazon SNS.",
                forgery)
        case .signatureMismatch:
            Documentation([403], [.sns], "The signature does not match the message.", forgery)
        case .subscribeURLRejected:
            Documentation(
                [403], [.sns], "`SubscribeURL` does not confirm the message's own topic with its own token.", forgery)
        case .signingCertificateUnavailable:
            Documentation(
                [503], [.sns], "The signing certificate could not be fetched.",
                "Allow HTTPS from this machine to `sns.<Region>.amazonaws.com`. Amazon SNS retries for an hour.")
        case .signingCertificateNotValid:
            Documentation(
                [503], [.sns], "The signing certificate has expired or is not valid yet, by this machine's clock.",
                clock)
        case .signatureUnverifiable:
            Documentation(
                [503], [.sns], "OpenSSL cannot verify the signature, for example because its policy forbids SHA-1.",
                "Set the topic's attribute `SignatureVersion` to 2.")
        case .messageTooOld:
            Documentation(
                [503], [.sns], "The message is genuine and older than `sns.maxMessageAge`.",
                clock + " If the clock is right, raise `sns.maxMessageAge`.")
        case .messageFromFuture:
            Documentation(
                [503], [.sns], "The message is genuine and was published more than 300 seconds in the future.", clock)
        case .confirmationFailed:
            Documentation(
                [503], [.sns], "Amazon SNS did not confirm the subscription.",
                "Allow HTTPS from this machine to `sns.<Region>.amazonaws.com`. Amazon SNS retries; otherwise request a new "
                    + "confirmation in the SNS console.")
        default: nil
        }
    }

    private var adminDocumentation: Documentation? {
        switch self {
        case .hostNotAllowed:
            Documentation(
                [421], [.admin], "`Host` is neither an address, nor `localhost`, nor in `admin.hosts`.",
                "Use the address or `localhost`, or add the name to `admin.hosts`.")
        case .actionsOff:
            Documentation(
                [404], [.admin], "Actions on dead letters are off.",
                "Set `admin.allowActions`, or use `defender-bridge dead-letters`.")
        case .foreignOrigin:
            Documentation(
                [403], [.admin], "`Origin` is another host's: a page elsewhere sent the request.",
                "Use the bridge's own status page. Treat unexpected requests as an attempted cross-site request forgery."
            )
        case .noSuchDeadLetter:
            Documentation(
                [404], [.admin], "No dead letter has this id: it was replayed, dropped or never existed.",
                "List dead letters with `defender-bridge dead-letters list`.")
        case .noSuchDelivery:
            Documentation(
                [404], [.admin], "Neither the queue nor this replica knows a delivery with this id.",
                "Check the id. Completed deliveries are forgotten after some hours: search the log for the id.")
        case .noSuchAccountRegion:
            Documentation(
                [404], [.admin], "The bridge knows nothing about this account and Region.",
                "Check the account and the Region. `/status.json` lists those that are known.")
        case .invalidQuery:
            Documentation(
                [400], [.admin], "The query of `/history.json` is missing or unknown.",
                "Use `range=24h` or `range=30d`.")
        case .invalidAction:
            Documentation(
                [400], [.admin], "The body of an action is not the JSON object that the route expects.",
                "Correct the member that the message names.")
        case .tooManyViewers:
            Documentation(
                [503], [.admin], "Too many clients stream the status.",
                "Poll `/status.json` instead, or close other pages.")
        case .off:
            Documentation(
                [], [.adminLog], "An action on a dead letter was rejected with `actions_off`.", "See `actions_off`.")
        case .foreign:
            Documentation(
                [], [.adminLog], "An action on a dead letter was rejected with `foreign_origin`.",
                "See `foreign_origin`.")
        case .overLimit:
            Documentation(
                [], [.adminLog], "An action on a dead letter was rejected with `too_many_failures`.",
                "See `too_many_failures`.")
        default: nil
        }
    }

    private var processingDocumentation: Documentation {
        switch self {
        case .refused:
            Documentation(
                [], [.deadLetter, .adminLog],
                "Dead letter: AWS rejected the request permanently. Admin log: an action was rejected with `unauthorized`.",
                "Dead letter: read its reason, fix the cause and replay it. Admin log: see `unauthorized`.")
        case .notUnderstood:
            Documentation(
                [], [.deadLetter],
                "This version, or the mapping of the source, does not understand the delivery.",
                "If the topic also carries other messages, use a topic of its own. Otherwise upgrade the bridge, or correct "
                    + "the mapping, and replay it.")
        case .attempts:
            Documentation(
                [], [.deadLetter], "All attempts failed.", "Read the dead letter's reason, fix the cause and replay it."
            )
        case .denied:
            Documentation(
                [], [.deadLetter], "AWS denied access for 90 days, as long as Security Hub keeps findings.",
                "Grant the permission, then replay the dead letter.")
        case .wrongAccount:
            Documentation(
                [], [.deadLetter], "The item of a mapped source names another account or Region than its transport.",
                "Correct the sender, or the account of the source, then replay the dead letter.")
        case .sourceNotConfigured:
            Documentation(
                [], [.deadLetter], "The mapped source of the delivery is not configured any more.",
                "Add the source to `sources`, then replay the dead letter. Otherwise drop it.")
        case .accessDenied:
            Documentation(
                [], [.suspension],
                "AWS denied access. Processing for the account and Region is suspended and will be retried.",
                "Grant the permission that the log line's `reason` names.")
        case .notEnabled:
            Documentation(
                [], [.suspension], "Security Hub is not enabled in the account and Region.",
                "Enable Security Hub there.")
        case .noCredentials:
            Documentation(
                [], [.suspension], "No usable credentials, or no role for the account.",
                "Configure AWS credentials, or add the account's role to `aws.roles`.")
        case .unreachable:
            Documentation(
                [], [.suspension], "Requests do not reach AWS.",
                "Check DNS, routes, proxies and firewalls toward AWS's endpoints.")
        default: preconditionFailure("\(rawValue) is not documented")
        }
    }
}
