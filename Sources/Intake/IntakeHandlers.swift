/// The handlers of incoming deliveries, for the current configuration.
package final class IntakeHandlers: Sendable {
    /// The handler of `POST /sns`.
    package let sns: SNSHandler
    /// The handler of `POST /eventbridge`.
    package let eventBridge: EventBridgeHandler

    /// Creates the pair of handlers.
    package init(sns: SNSHandler, eventBridge: EventBridgeHandler) {
        self.sns = sns
        self.eventBridge = eventBridge
    }
}
