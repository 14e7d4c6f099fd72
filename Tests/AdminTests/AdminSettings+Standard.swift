import SNS
import Store

@testable import Admin

extension AdminSettings {
    /// The defaults of the configuration, with topics.
    static func standard(topics: [String] = []) throws -> AdminSettings {
        AdminSettings(
            access: AdminAccess(), topics: try TopicPolicy(topics: topics), acceptsEventBridge: false,
            maximumPending: 200_000, storePath: "defender-bridge.db", deadLetterLimits: .standard,
            maximumDeadLetterAge: .seconds(90 * 86_400), catchUpInterval: .seconds(3600))
    }
}
