import AWSClient
import AWSCore
import JSON
import SNS

/// Checks the signature version and the subscription of a topic.
struct TopicPreflight: Sendable {
    let topic: ARN
    /// Whether it is a topic of a mapped source, whose messages may have attributes.
    let isOfSource: Bool
    let client: AWSClient
    /// The subscribed URL; nil for any that ends in `/sns`.
    let endpoint: String?
    /// The lowest signature version that the bridge accepts.
    let minimumVersion: SNSMessage.SignatureVersion
    let report: @Sendable (PreflightCheck) -> Void

    private func check(_ name: String, _ outcome: PreflightCheck.Outcome, _ detail: String, remediation: String = "") {
        report(PreflightCheck(name, topic.description, outcome, detail, remediation: remediation))
    }

    /// Runs the checks.
    ///
    /// - Returns: the subscribed URL of the bridge; nil if there is none or it is not known.
    func run() async -> String? {
        await checkSignatureVersion()
        return await checkSubscription()
    }

    private func checkSignatureVersion() async {
        do throws(AWSError) {
            // Missing unless it was set (Amazon SNS API Reference, SetTopicAttributes).
            let version = try await client.topicAttributes(topic)["SignatureVersion"] ?? "1"
            guard version == "1" else {
                check("signature version", .passed, "the topic signs with version \(version)")
                return
            }
            check(
                "signature version", minimumVersion == .two ? .failed : .passed,
                minimumVersion == .two
                    ? "the topic signs with version 1, which sns.minimumSignatureVersion rejects"
                    : "the topic signs with version 1 (SHA-1). Version 2 (SHA-256) is recommended",
                remediation:
                    "aws sns set-topic-attributes --topic-arn \(topic) --attribute-name SignatureVersion --attribute-value 2"
            )
        } catch {
            check(
                "signature version", .skipped, error.description,
                remediation: "to check this, allow sns:GetTopicAttributes")
        }
    }

    private func checkSubscription() async -> String? {
        do throws(AWSError) {
            let ours = try await client.subscriptions(to: topic).filter(isOurs)
            guard !ours.isEmpty else {
                check(
                    "subscription", .failed, "no subscription of \(endpoint ?? "a URL that ends in /sns")",
                    remediation: "aws sns subscribe --topic-arn \(topic) --protocol https --notification-endpoint "
                        + (endpoint ?? "https://HOST/sns"))
                return nil
            }
            guard let confirmed = ours.first(where: { $0.arn != nil }), let arn = confirmed.arn else {
                check(
                    "subscription", .failed, "not confirmed: \(ours[0].endpoint)",
                    remediation:
                        "start the bridge, then request the confirmation again (Amazon SNS console, Request confirmation)"
                )
                return ours[0].endpoint
            }
            check("subscription", .passed, "confirmed: \(confirmed.endpoint)")
            await checkAttributes(arn)
            return confirmed.endpoint
        } catch {
            check(
                "subscription", .skipped, error.description,
                remediation: "to check this, allow sns:ListSubscriptionsByTopic")
            return nil
        }
    }

    private func isOurs(_ subscription: TopicSubscription) -> Bool {
        guard subscription.protocol == "https" || subscription.protocol == "http" else { return false }
        return endpoint.map { $0 == subscription.endpoint }
            ?? ["/sns", "/sns/"].contains(where: subscription.endpoint.hasSuffix)
    }

    private func checkAttributes(_ arn: String) async {
        let attributes: [String: String]
        do throws(AWSError) {
            attributes = try await client.subscriptionAttributes(arn, region: topic.accountRegion.region)
        } catch {
            check(
                "delivery policy", .skipped, error.description,
                remediation: "to check this, allow sns:GetSubscriptionAttributes")
            return
        }
        if attributes["RawMessageDelivery"] == "true" {
            check(
                "raw delivery", .failed, "enabled: raw messages have no signature and are rejected",
                remediation: set(arn, "RawMessageDelivery", "false"))
        }
        checkFilter(attributes, arn)
        let retries = Self.retries(attributes["DeliveryPolicy"] ?? attributes["EffectiveDeliveryPolicy"])
        if let retries, retries > Self.defaultRetries {
            check("delivery policy", .passed, "SNS retries \(retries) times")
        } else {
            check(
                "delivery policy", .failed, "SNS retries for 1m only; then the message is lost",
                remediation: set(arn, "DeliveryPolicy", Self.recommendedPolicy))
        }
        if attributes["RedrivePolicy"]?.contains("deadLetterTargetArn") == true {
            check("dead-letter queue", .passed, "configured for messages that cannot be delivered")
        } else {
            check(
                "dead-letter queue", .failed, "not configured: messages that cannot be delivered are lost",
                remediation: set(arn, "RedrivePolicy", #"{"deadLetterTargetArn":"arn:…"}"#))
        }
    }

    /// Device Defender publishes without message attributes, so a filter on attributes matches none of its messages
    /// (Amazon SNS Developer Guide, "Subscription filter policy scope").
    private func checkFilter(_ attributes: [String: String], _ arn: String) {
        guard let policy = attributes["FilterPolicy"], !policy.isEmpty, policy != "{}" else {
            check("filter policy", .passed, "none: every message is delivered")
            return
        }
        let isOnBody = attributes["FilterPolicyScope"] == "MessageBody"
        let mayMatch = isOnBody || isOfSource
        check(
            "filter policy", mayMatch ? .skipped : .failed,
            mayMatch
                ? "filters by message \(isOnBody ? "body" : "attributes"): messages that do not match are not delivered"
                : "filters by message attributes, which Device Defender's messages do not have: no message is delivered",
            remediation: set(arn, "FilterPolicy", "{}"))
    }

    /// The number of retries without a delivery policy (Amazon SNS Developer Guide, "Message delivery retries").
    private static let defaultRetries: Int64 = 3
    /// Retries for an hour, the longest that SNS allows.
    private static let recommendedPolicy =
        #"{"healthyRetryPolicy":{"numRetries":50,"minDelayTarget":20,"maxDelayTarget":120,"numMinDelayRetries":10}}"#

    private static func retries(_ policy: String?) -> Int64? {
        guard let policy, let json = try? JSON(parsing: Array(policy.utf8)) else { return nil }
        let own = json["healthyRetryPolicy"] ?? json["http"]?["defaultHealthyRetryPolicy"]
        return own?["numRetries"]?.integer
    }

    private func set(_ arn: String, _ name: String, _ value: String) -> String {
        "aws sns set-subscription-attributes --subscription-arn \(arn) --attribute-name \(name) "
            + "--attribute-value '\(value)'"
    }
}
