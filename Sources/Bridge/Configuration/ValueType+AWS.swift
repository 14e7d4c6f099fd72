import AWSClient
import AWSCore
import JSON
import SNS
import SecurityFindings
import SourceMapping

/// Regular expressions for schemas.
enum AWSPattern {
    static let account = "^[0-9]{12}$"
    static let region = "^[a-z0-9]+(-[a-z0-9]+){1,3}-[0-9]+$"
    static let topic = "^arn:[a-z-]+:sns:[a-z0-9-]+:([0-9]{12}|\\*):[^=]+(=([0-9]{12}|\\*))?$"
}

extension ValueType where Value == AccountID {
    /// An account ID.
    static var account: Self {
        ValueType(
            "ACCOUNT", expected: "account ids of 12 digits", schema: .wholeNumber(orText: AWSPattern.account)
        ) { AccountID($0) }
    }
}

extension ValueType where Value == Region {
    /// A Region.
    static var region: Self {
        ValueType("REGION", expected: "a Region such as eu-central-1", schema: .text(AWSPattern.region)) { Region($0) }
    }
}

extension ValueType where Value == SNSMessage.SignatureVersion {
    /// A version of SNS signatures, as a whole number.
    static var signatureVersion: Self {
        ValueType("1|2", expected: "1 or 2", schema: .words([1, 2])) {
            CoreSchema.integer($0).flatMap { SNSMessage.SignatureVersion(rawValue: String($0)) }
        }
    }
}

extension ValueType where Value == SecurityFinding.Severity.Label {
    /// A severity label, in any case.
    static var severity: Self {
        let labels = SecurityFinding.Severity.Label.allCases.map(\.rawValue)
        let choice = labels.dropLast().joined(separator: ", ") + " or " + (labels.last ?? "")
        return ValueType(
            "LABEL", range: choice, expected: "one of " + labels.joined(separator: ", "),
            schema: .words(labels.map(JSON.string))
        ) { SecurityFinding.Severity.Label(rawValue: $0.uppercased()) }
    }
}

extension ValueType where Value == NamePatterns {
    /// A list of patterns of names.
    static var namePatterns: Self {
        ValueType("PATTERN,…", schema: .list(of: .text)) { text throws(InvalidValueError) in
            do throws(InvalidPatternError) {
                return try NamePatterns(entries: text.listEntries)
            } catch {
                throw .problem(error.description)
            }
        }
    }
}

extension ValueType where Value == UserDefinedFields {
    /// A list of names with values.
    static var userDefinedFields: Self {
        ValueType("NAME=VALUE,…", schema: .list(of: .text("^[^=]+=.+$"), atMost: 50)) {
            text throws(InvalidValueError) in
            do throws(InvalidPatternError) {
                return try UserDefinedFields(entries: text.listEntries)
            } catch {
                throw .problem(error.description)
            }
        }
    }
}

extension ValueType where Value == SeverityRules {
    /// A list of patterns with severity labels.
    static var severities: Self {
        let labels = SecurityFinding.Severity.Label.allCases.map(\.rawValue).joined(separator: "|")
        return ValueType("PATTERN=LABEL,…", schema: .list(of: .text("^.+=(\(labels))$"))) {
            text throws(InvalidValueError) in
            let entries = text.listEntries
            let errors = entries.compactMap { problem(of: [$0]) }
            guard errors.isEmpty else { throw .several(errors) }
            do throws(InvalidPatternError) {
                return try SeverityRules(entries: entries)
            } catch {
                throw .problem(error.description)
            }
        }
    }

    private static func problem(of entries: [String]) -> InvalidValueError? {
        do throws(InvalidPatternError) {
            _ = try SeverityRules(entries: entries)
            return nil
        } catch {
            return .problem(error.description)
        }
    }
}

extension ValueType where Value == [AccountID: String] {
    /// A list of accounts, each with the ARN of a role of the same account.
    static var roles: Self {
        ValueType(
            "ACCOUNT=ARN,…",
            expected: "an account and the ARN of a role, for example "
                + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge",
            schema: .list(of: .text("^[0-9]{12}=arn:[a-z-]+:iam::[0-9]{12}:role/.+$"))
        ) { text throws(InvalidValueError) in
            var (roles, errors): ([AccountID: String], [InvalidValueError]) = ([:], [])
            for entry in text.listEntries {
                do throws(InvalidValueError) { try add(entry, to: &roles) } catch { errors.append(error) }
            }
            guard errors.isEmpty else { throw .several(errors) }
            return roles
        }
    }

    private static func add(_ entry: String, to roles: inout [AccountID: String]) throws(InvalidValueError) {
        let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let account = AccountID(parts[0]),
            let owner = AccountRoles.account(ofRole: String(parts[1]))
        else { throw .unexpected(entry) }
        // A role of another account would read that account's findings.
        guard owner == account else {
            throw .problem(
                "the role of account \(account) belongs to account \(owner). Use a role of account \(account).")
        }
        guard roles.updateValue(String(parts[1]), forKey: account) == nil else {
            throw .problem("duplicate account \(account). Remove one of the two entries.")
        }
    }
}

extension ValueType where Value == String {
    /// An entry of `sns.topics`.
    static var topic: Self {
        ValueType(
            "ARN",
            expected:
                "the ARN of an SNS topic, for example arn:aws:sns:us-east-1:111122223333:name; * can replace the name or the "
                + "account. Append =ACCOUNT if the topic carries another account's findings, =* if it carries those of all "
                + "sns.accounts",
            schema: .text(AWSPattern.topic)
        ) { TopicPattern($0) == nil ? nil : $0 }
    }

    /// The name of a role in every account, including its path, or its ARN with `*` as the account.
    static var roleName: Self {
        ValueType("NAME|ARN", expected: "a role name such as DefenderBridge, or its ARN with * as the account") {
            text in
            guard text.hasPrefix("arn:") else { return AccountRoles.isRoleName(text) ? text : nil }
            let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, Partition(rawValue: String(parts[1])) != nil, parts[2] == "iam", parts[3].isEmpty,
                parts[4] == "*", parts[5].hasPrefix("role/")
            else { return nil }
            let name = parts[5].dropFirst("role/".count)
            return AccountRoles.isRoleName(name) ? String(name) : nil
        }
    }

    /// An external ID for assuming roles (AWS STS API reference, AssumeRole).
    ///
    /// - Parameter length: the number of characters.
    static func externalID(_ length: ClosedRange<Int>) -> Self {
        let count = "\(length.lowerBound) to \(length.upperBound)"
        return ValueType(
            "TEXT", range: "\(count) characters", expected: "\(count) letters, digits and _+=,.@:/-",
            schema: .text(length, "^[A-Za-z0-9_+=,.@:/-]+$")
        ) { text in
            let isValid =
                length.contains(text.utf8.count)
                && text.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                    default: "_+=,.@:/-".utf8.contains(byte)
                    }
                }
            return isValid ? text : nil
        }
    }
}

extension ValueType where Value == [EventPattern] {
    /// A list of event patterns, as JSON.
    static var eventPatterns: Self {
        ValueType(
            "[PATTERN,…]", expected: "a JSON array of event patterns", schema: .list(of: .object)
        ) { text throws(InvalidValueError) in
            guard !text.isEmpty else { return [] }
            guard let json = try? JSON(parsing: text), json.array != nil else { throw .unexpected(text) }
            var errors = MappingErrors()
            let patterns = TreeReader(json).eventPatterns(errors: &errors)
            if let error = errors.errors.first {
                throw .problem("\(error.path): \(error.problem). \(error.fix)")
            }
            return patterns
        }
    }
}

extension TreeReader {
    /// The maximum number of patterns in a list.
    private static let maximumPatterns = 100

    /// A list of event patterns; an empty one is allowed.
    func eventPatterns(errors: inout MappingErrors) -> [EventPattern] {
        guard value.array?.isEmpty != true else { return [] }
        let elements = elements(limit: Self.maximumPatterns, example: "[{source: [my-service]}]", errors: &errors)
        return (elements ?? []).compactMap { $0.eventPattern(errors: &errors) }
    }
}
