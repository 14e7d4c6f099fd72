package import AWSCore
package import JSON
package import SecurityFindings
package import SourceMapping

/// What a mapped source of Amazon CloudWatch alarms has beyond its mapping.
package struct AlarmSource: Sendable {
    /// The name of the device's attribute where nothing else is configured, and in the mapping.
    package static let clientID = "clientId"

    private let patterns: [EventPattern]
    private let hasTopics: Bool
    private let isTopic: @Sendable (ARN) -> Bool
    /// Whether CloudWatch can list all alarms of the source. Any may be posted to a webhook, also by another program.
    package let isListable: Bool
    private let deviceAttribute: String
    /// The configured severities, matched against the names of alarms.
    package let severities: SeverityRules

    /// Creates a value.
    ///
    /// - Parameters:
    ///   - patterns: the event patterns of the source.
    ///   - hasTopics: whether it has SNS topics.
    ///   - isTopic: whether a topic belongs to it.
    ///   - hasWebhook: whether it has a webhook.
    ///   - deviceAttribute: the attribute of contributors that names the device.
    package init(
        patterns: [EventPattern], hasTopics: Bool, isTopic: @escaping @Sendable (ARN) -> Bool,
        hasWebhook: Bool = false, deviceAttribute: String = clientID, severities: SeverityRules = .none
    ) {
        self.patterns = patterns
        self.hasTopics = hasTopics
        self.isTopic = isTopic
        isListable = !hasWebhook
        self.deviceAttribute = deviceAttribute
        self.severities = severities
    }

    /// The beginnings of the names of all alarms that may belong to the source; the empty text for any name.
    package var namePrefixes: [String] {
        guard !hasTopics else { return [""] }
        var found: Set<String> = []
        for pattern in patterns {
            guard let prefixes = pattern.prefixes(at: ["detail", "alarmName"]) else { return [""] }
            found.formUnion(prefixes)
        }
        // A prefix of another one covers it.
        return found.sorted().reduce(into: []) { kept, prefix in
            if let last = kept.last, prefix.utf8.starts(with: last.utf8) { return }
            kept.append(prefix)
        }
    }

    /// Whether the source gets an event of an alarm.
    package func accepts(_ event: JSON, of alarm: CloudWatchAlarm) -> Bool {
        patterns.contains { $0.matches(event) }
            || (hasTopics && alarm.actions.contains { ARN($0).map(isTopic) ?? false })
    }

    /// The item that the mapping is applied to: the attribute that names the device is called `clientId`.
    package func prepared(_ item: JSON) -> JSON {
        guard deviceAttribute != Self.clientID else { return item }
        return renamed(item, at: ["detail", "alarmContributor", "attributes"]) ?? renamed(
            item, at: ["AlarmContributorAttributes"])
            ?? item
    }

    /// Nil if there is no object at the path.
    private func renamed(_ json: JSON, at path: ArraySlice<String>) -> JSON? {
        guard var members = json.object else { return nil }
        guard let name = path.first else {
            members[UTF8Text(Self.clientID)] = members[UTF8Text(deviceAttribute)]
            return .object(members)
        }
        guard let child = members[UTF8Text(name)], let changed = renamed(child, at: path.dropFirst()) else {
            return nil
        }
        members[UTF8Text(name)] = changed
        return .object(members)
    }
}
