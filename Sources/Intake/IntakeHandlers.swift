/// The handlers of incoming deliveries, for the current configuration.
package final class IntakeHandlers: Sendable {
    /// The handler of `POST /sns`.
    package let sns: SNSHandler
    /// The handler of `POST /eventbridge`.
    package let eventBridge: EventBridgeHandler
    /// The handler of `POST /webhooks/{source}`.
    package let webhooks: WebhookHandler

    /// Creates the handlers.
    package init(sns: SNSHandler, eventBridge: EventBridgeHandler, webhooks: WebhookHandler) {
        self.sns = sns
        self.eventBridge = eventBridge
        self.webhooks = webhooks
    }
}
