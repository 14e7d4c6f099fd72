import AWSCore
import Logging
import SNS
import Store

/// The handlers of incoming deliveries, for the current configuration.
package final class IntakeHandlers: Sendable {
    package let sns: SNSHandler
    package let eventBridge: EventBridgeHandler

    package init(sns: SNSHandler, eventBridge: EventBridgeHandler) {
        self.sns = sns
        self.eventBridge = eventBridge
    }
}
