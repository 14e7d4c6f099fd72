import JSON

/// The conditions of one combination on one object: all fields must match.
struct EventPatternNode: Sendable {
    struct Field: Sendable {
        let name: UTF8Text
        let condition: Condition
    }

    enum Condition: Sendable {
        case values(ValueTests)
        case object(EventPatternNode)
    }

    var fields: [Field]

    /// The number of fields, including those of nested objects.
    var fieldCount: Int {
        fields.reduce(0) { count, field in
            if case .object(let node) = field.condition { count + 1 + node.fieldCount } else { count + 1 }
        }
    }
}

/// How conditions apply to a value.
///
/// A match by absence alone differs from one by values: within an array of objects, it must hold in every element.
enum PatternOutcome {
    case mismatch
    /// The value has none of the fields, and every condition allows that.
    case absent
    /// At least one field matches by its value; the others match or may be absent.
    case match
}

extension EventPatternNode {
    /// Whether all conditions are met by a value without any of the fields.
    private var outcomeIfMissing: PatternOutcome {
        fields.allSatisfy { $0.condition.outcome(for: nil) == .absent } ? .absent : .mismatch
    }

    func outcome(for members: JSON.Members) -> PatternOutcome {
        var outcome = PatternOutcome.absent
        for field in fields {
            switch field.condition.outcome(for: members[field.name]) {
            case .mismatch: return .mismatch
            case .absent: break
            case .match: outcome = .match
            }
        }
        return outcome
    }

    fileprivate func outcome(for value: JSON?) -> PatternOutcome {
        switch value {
        case .object(let members): outcome(for: members)
        case .array(let elements): outcome(forElements: elements)
        default: outcomeIfMissing
        }
    }

    private func outcome(forElements elements: [JSON]) -> PatternOutcome {
        var outcome = outcomeIfMissing
        for case .object(let members) in FlattenedArray(elements) {
            switch self.outcome(for: members) {
            case .mismatch: outcome = .mismatch
            case .absent: break
            case .match: return .match
            }
        }
        return outcome
    }
}

extension EventPatternNode.Condition {
    fileprivate func outcome(for value: JSON?) -> PatternOutcome {
        switch self {
        case .values(let tests): tests.outcome(for: value)
        case .object(let node): node.outcome(for: value)
        }
    }
}

/// The elements of an array and of the arrays in it, without recursion.
struct FlattenedArray: Sequence, IteratorProtocol {
    private var rest: [IndexingIterator<[JSON]>]

    init(_ elements: [JSON]) { rest = [elements.makeIterator()] }

    mutating func next() -> JSON? {
        while !rest.isEmpty {
            switch rest[rest.count - 1].next() {
            case nil: rest.removeLast()
            case .array(let elements): rest.append(elements.makeIterator())
            case let element?: return element
            }
        }
        return nil
    }
}
