import JSON

/// The rules of an event bus (Amazon EventBridge API Reference).
struct EventRules {
    private var targetsByRule: [String: [JSON]] = [:]
    private var described: [JSON] = []

    /// Adds a rule.
    mutating func add(_ name: String, pattern: String, targets: [String]) {
        described.append(["Name": .string(name), "EventPattern": .string(pattern), "State": "ENABLED"])
        targetsByRule[name] = targets.enumerated().map { ["Id": .string("\($0)"), "Arn": .string($1)] }
    }

    /// The response to `ListRules`, in one page.
    var rules: JSON { ["Rules": .array(described)] }

    /// Implements `ListTargetsByRule`, in one page.
    func targets(_ input: JSON) throws(ServiceError) -> JSON {
        guard let targets = targetsByRule[input["Rule"]?.string ?? ""] else {
            throw ServiceError(400, "ResourceNotFoundException", "Rule does not exist on EventBus default.")
        }
        return ["Targets": .array(targets)]
    }
}
