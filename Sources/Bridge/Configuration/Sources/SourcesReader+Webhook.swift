import AWSCore
import Cryptography
import Encoding
import Intake
import SourceMapping

extension SourcesReader {
    /// Reads `webhook` of a source.
    mutating func webhook(_ reader: TreeReader, of source: String) -> SourceConfiguration.Webhook? {
        let example = "{account: \"111122223333\", region: eu-central-1, auth: {…}}"
        guard let object = reader.object(WebhookKey.self, example: example, errors: &errors) else { return nil }
        let account = object.required(.account, example: "\"111122223333\"", errors: &errors)
            .flatMap { value($0, of: .account, example: "\"111122223333\"") }
        let region = object.required(.region, example: "eu-central-1", errors: &errors).flatMap { self.region($0) }
        let authentication = object.required(.auth, example: "{bearer: {tokenFile: FILE}}", errors: &errors)
            .flatMap { self.authentication($0, of: source) }
        guard let account, let region, let authentication else { return nil }
        return SourceConfiguration.Webhook(
            accountRegion: AccountRegion(account: account, region: region), authentication: authentication)
    }

    private mutating func region(_ reader: TreeReader) -> Region? {
        guard let region = value(reader, of: .region, example: "eu-central-1") else { return nil }
        if let regions = surroundings.regions, !regions.contains(region) {
            reader.add("Region \(region) is not in aws.regions", fix: "Add it there.", to: &errors)
            return nil
        }
        return region
    }

    private mutating func authentication(_ reader: TreeReader, of source: String) -> WebhookAuthentication? {
        let example = "{bearer: {tokenFile: FILE}}"
        guard let object = reader.object(AuthenticationKey.self, example: example, errors: &errors) else { return nil }
        let methods = AuthenticationKey.allCases.filter(object.has)
        guard methods.count == 1 else {
            reader.add(
                methods.isEmpty ? "no method of authentication" : "more than one method of authentication",
                fix: "Set one of \(AuthenticationKey.allCases.map(\.rawValue).joined(separator: ", ")).", to: &errors)
            return nil
        }
        guard let method = methods.first, let value = object.optional(method, errors: &errors) else { return nil }
        switch method {
        case .apiKey: return apiKey(value, of: source)
        case .basic: return basic(value, of: source)
        case .bearer: return bearer(value, of: source)
        case .hmac: return signature(value, of: source).map { .signature($0) }
        }
    }

    private mutating func apiKey(_ reader: TreeReader, of source: String) -> WebhookAuthentication? {
        let example = "{header: x-api-key, keysFile: FILE}"
        guard let object = reader.object(APIKeyKey.self, example: example, errors: &errors) else { return nil }
        let header = object.required(.header, example: "x-api-key", errors: &errors)
            .flatMap { value($0, of: .headerName, example: "x-api-key") }
        let keys = secrets.read(.keys, file: .keysFile, in: object, of: source, errors: &errors)
        guard let header, !keys.isEmpty else { return nil }
        return .apiKey(header: header, keys: keys.map { Secret($0) })
    }

    private mutating func basic(_ reader: TreeReader, of source: String) -> WebhookAuthentication? {
        let example = "{user: bridge, passwordFile: FILE}"
        guard let object = reader.object(BasicKey.self, example: example, errors: &errors) else { return nil }
        let users = secrets.read(
            .user, file: .userFile, in: object, of: source, minimumLength: 1, maximumCount: 1, errors: &errors)
        let passwords = secrets.read(.password, file: .passwordFile, in: object, of: source, errors: &errors)
        if users.contains(where: { $0.utf8.contains(UInt8(ascii: ":")) }) {
            reader.add("user with a colon", fix: "Basic authentication requires a user without one.", to: &errors)
        }
        guard let user = users.first, !passwords.isEmpty else { return nil }
        return .basic(user: Secret(user), passwords: passwords.map { Secret($0) })
    }

    private mutating func bearer(_ reader: TreeReader, of source: String) -> WebhookAuthentication? {
        let example = "{tokenFile: FILE}"
        guard let object = reader.object(BearerKey.self, example: example, errors: &errors) else { return nil }
        let issuerKeys: [BearerKey] = [.issuer, .audience, .jwksURL]
        guard issuerKeys.contains(where: object.has) else {
            let tokens = secrets.read(.token, file: .tokenFile, in: object, of: source, errors: &errors)
            return tokens.isEmpty ? nil : .bearer(tokens.map { Secret($0) })
        }
        if object.has(.token) || object.has(.tokenFile) {
            reader.add("both a token and an issuer", fix: "Remove one of the two.", to: &errors)
        }
        let url = "https://issuer.example.com/"
        let issuer = object.required(.issuer, example: url, errors: &errors)?
            .text(example: url, errors: &errors)
        let audience = object.required(.audience, example: "bridge", errors: &errors)?
            .text(example: "bridge", errors: &errors)
        let keys = object.required(.jwksURL, example: "https://issuer.example.com/keys", errors: &errors)
            .flatMap { value($0, of: .httpsURL, example: "https://issuer.example.com/keys") }
        guard let issuer, let audience, let keys else { return nil }
        return .token(TokenVerifier.Settings(issuer: issuer, audience: audience, jwksURL: keys))
    }
}
