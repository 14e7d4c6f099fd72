import Cryptography
import Encoding
import Intake
import SourceMapping

extension SourcesReader {
    private enum Preset: String, CaseIterable {
        case standardWebhooks = "standard-webhooks"
        case gitHub = "github"
    }

    private enum SecretEncoding: String, CaseIterable { case raw, base64 }

    /// Reads `hmac`: a preset, or all keys.
    mutating func signature(_ reader: TreeReader, of source: String) -> WebhookSignature? {
        let example = "{preset: standard-webhooks, secretFile: FILE}"
        guard let object = reader.object(HMACKey.self, example: example, errors: &errors) else { return nil }
        let texts = secrets.read(.secret, file: .secretFile, in: object, of: source, errors: &errors)
        guard object.has(.preset) else { return signature(object, texts) }
        let preset = object.optional(.preset, errors: &errors)?.word(Preset.self, errors: &errors)
        for key in HMACKey.allCases where object.has(key) && ![.preset, .secret, .secretFile].contains(key) {
            errors.add(
                at: object.path.member(key.rawValue), "the preset sets this key, too", fix: "Remove one of the two.")
        }
        guard let preset, !texts.isEmpty else { return nil }
        switch preset {
        case .gitHub: return .gitHub(secrets: texts.map { Secret($0) })
        case .standardWebhooks:
            let prefix = "whsec_"
            let encoded = texts.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
            return decode(encoded, in: object).map { .standardWebhooks(secrets: $0) }
        }
    }

    private mutating func signature(_ object: ObjectReader<HMACKey>, _ texts: [String]) -> WebhookSignature? {
        let algorithm = object.required(.algorithm, example: "sha256", errors: &errors)?
            .word(WebhookSignature.Algorithm.self, errors: &errors)
        let encoding = object.required(.encoding, example: "hex", errors: &errors)?
            .word(WebhookSignature.Encoding.self, errors: &errors)
        let header = object.required(.header, example: "x-signature", errors: &errors)
            .flatMap { value($0, of: .headerName, example: "x-signature") }
        let prefix = object.optional(.prefix, errors: &errors)?.text(limit: 64, example: "sha256=", errors: &errors)
        let content = object.required(.signed, example: "timestamp.body", errors: &errors)?
            .word(WebhookSignature.Content.self, errors: &errors)
        let tolerance = object.optional(.tolerance, errors: &errors).flatMap {
            value($0, of: .duration(from: "1s", to: "1h"), example: "300s")
        }
        guard let content else { return nil }
        let timestamp = self.header(.timestampHeader, isSigned: content.hasTimestamp, in: object)
        let id = self.header(.idHeader, isSigned: content.hasID, in: object)
        if object.has(.tolerance), !content.hasTimestamp { addUnsigned(.tolerance, in: object) }
        guard let algorithm, let encoding, let header, let secrets = decoded(texts, in: object) else { return nil }
        return WebhookSignature(
            algorithm: algorithm, encoding: encoding, header: header, prefix: prefix ?? "", content: content,
            timestampHeader: timestamp, tolerance: tolerance ?? .seconds(300), idHeader: id, secrets: secrets)
    }

    /// The name of a header field that is part of the signed text. A field that is not signed proves nothing.
    private mutating func header(_ key: HMACKey, isSigned: Bool, in object: ObjectReader<HMACKey>) -> String? {
        guard isSigned else {
            if object.has(key) { addUnsigned(key, in: object) }
            return nil
        }
        let example = key == .idHeader ? "x-request-id" : "x-timestamp"
        return object.required(key, example: example, errors: &errors)
            .flatMap { value($0, of: .headerName, example: example) }
    }

    private mutating func addUnsigned(_ key: HMACKey, in object: ObjectReader<HMACKey>) {
        errors.add(
            at: object.path.member(key.rawValue), "not part of the signed text",
            fix: "Remove the key, or correct signed.")
    }

    private mutating func decoded(_ texts: [String], in object: ObjectReader<HMACKey>) -> [Secret]? {
        let encoding =
            object.optional(.secretEncoding, errors: &errors)?.word(SecretEncoding.self, errors: &errors) ?? .raw
        switch encoding {
        case .raw: return texts.isEmpty ? nil : texts.map { Secret($0) }
        case .base64: return decode(texts, in: object)
        }
    }

    /// Decodes secrets in Base64; nil if there is a problem.
    private mutating func decode(_ texts: [String], in object: ObjectReader<HMACKey>) -> [Secret]? {
        let keys = texts.compactMap { Base64.decode($0) }.filter { $0.count >= 16 }
        guard keys.count == texts.count else {
            errors.add(
                at: object.path.member(HMACKey.secret.rawValue), "not Base64 of at least 16 bytes",
                fix: "Copy the secret as the sender shows it.")
            return nil
        }
        return keys.isEmpty ? nil : keys.map { Secret($0) }
    }
}
