package import JSON
import SecurityFindings
package import SourceMapping

/// What an item of a message becomes.
package struct ConvertedItem: Sendable {
    /// The number of the item in the message, from 1.
    package let number: Int
    /// The outcome, or why the item becomes a dead letter.
    package let outcome: Result<ItemOutcome, MappingFailure>

    /// The finding in the AWS Security Finding Format; nil if there is none.
    package var finding: JSON? {
        guard case .success(.finding(let mapped)) = outcome else { return nil }
        return try? JSON(parsing: mapped.finding.serialized())
    }

    /// Whether the item changes findings.
    package var hasEffect: Bool {
        switch outcome {
        case .success(.finding), .success(.archivesGroup): true
        case .success(.ignored), .failure: false
        }
    }

    /// Whether the item becomes a dead letter.
    package var isDeadLetter: Bool {
        if case .failure = outcome { true } else { false }
    }

    /// The outcome as a line; nil for a finding.
    package var line: String? {
        switch outcome {
        case .success(.finding): nil
        case .success(.ignored): "item \(number): ignored"
        case .success(.archivesGroup(let group, _)): "item \(number): archives the findings of group \(group)"
        case .failure(let failure): "item \(number): dead letter (\(failure.reason.code)): \(failure)"
        }
    }

    /// The item as JSON, with the finding.
    package var json: JSON {
        var members: JSON.Members = ["item": .integer(number)]
        switch outcome {
        case .success(.ignored): members["outcome"] = "ignored"
        case .success(.archivesGroup(let group, _)):
            members["outcome"] = "archivesGroup"
            members["group"] = .string(group)
        case .success(.finding(let mapped)):
            members["outcome"] = "finding"
            members["finding"] = finding
            members["group"] = mapped.group.map(JSON.string)
        case .failure(let failure):
            members["outcome"] = "deadLetter"
            members["code"] = .string(failure.reason.code)
            members["key"] = .string(failure.key.rawValue)
            members["problem"] = .string(failure.problem)
        }
        return .object(members)
    }
}

extension MappingFailure.Reason {
    /// The code of the dead letter.
    fileprivate var code: String {
        switch self {
        case .notUnderstood: "not_understood"
        case .wrongAccount: "wrong_account"
        }
    }
}
