/// The keys of a source, in the order of the documentation.
enum SourceKey: String, CaseIterable {
    case mapping, topics, events, accounts, webhook, rateLimit, expireAfter, deviceAttribute
}

/// The keys of `webhook`.
enum WebhookKey: String, CaseIterable {
    case account, region, auth
}

/// The keys of `webhook.auth`, of which one is set.
enum AuthenticationKey: String, CaseIterable {
    case apiKey, basic, bearer, hmac
}

/// The keys of `webhook.auth.apiKey`.
enum APIKeyKey: String, CaseIterable {
    case header, keys, keysFile
}

/// The keys of `webhook.auth.basic`.
enum BasicKey: String, CaseIterable {
    case user, userFile, password, passwordFile
}

/// The keys of `webhook.auth.bearer`: a token, or an issuer of tokens.
enum BearerKey: String, CaseIterable {
    case token, tokenFile, issuer, audience, jwksURL
}

/// The keys of `webhook.auth.hmac`: a preset, or all others.
enum HMACKey: String, CaseIterable {
    case preset, algorithm, encoding, header, prefix, timestampHeader, tolerance, idHeader, signed
    case secret, secretFile, secretEncoding
}
