import AWSClient
import AWSCore
import JSON
import SNS

/// Looks at how a topic delivers to the bridge.
struct TopicPreflight: Sendable {
    let topic: ARN
    let client: AWSClient
    /// The URL that it delivers to; nil for any that ends in `/sns`.
    let endpoint: String?
    /// The lowest signature version that the bridge accepts.
    let minimumVersion: SNSMessage.SignatureVersion
    let report: @Sendable (PreflightCheck) -> Void

    private func check(_ name: String, _ outcome: PreflightCheck.Outcome, _ detail: String, remediation: String = "") {
        report(PreflightCheck(name, topic.description, outcome, detail, remediation: remediation))
    }

    /// Runs the checks.
    ///
    /// - Returns: the URL of the bridge to which the topic delivers; nil if none is known.
    func run() async -> String? {
        await checkSignatureVersion()
        return await checkSubscription()
    }

    private func checkSignatureVersion() async {
        do throws(AWSError) {
            // Absent unless it was set (Amazon SNS API Reference, SetTopicAttributes).
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
                    "subscription", .failed, "nothing subscribes \(endpoint ?? "a bridge") to it",
                    remediation: "aws sns subscribe --topic-arn \(topic) --protocol https --notification-endpoint "
                        + (endpoint ?? "https://HOST/sns"))
                return nil
            }
            guard let confirmed = ours.first(where: { $0.arn != nil }), let arn = confirmed.arn else {
                check(
                    "subscription", .failed, "that of \(ours[0].endpoint) is not confirmed",
                    remediation: "start the bridge, then have SNS request the confirmation again")
                return ours[0].endpoint
            }
            check("subscription", .passed, "\(confirmed.endpoint) is subscribed and confirmed")
            await checkAttributes(arn)
            return confirmed.endpoint
        } catch {
            check(
                "subscription", .skipped, error.description,
                remediation: "allow sns:ListSubscriptionsByTopic to have this looked at")
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
                remediation: "allow sns:GetSubscriptionAttributes to have this looked at")
            return
        }
        if attributes["RawMessageDelivery"] == "true" {
            check(
                "raw delivery", .failed, "it is on: raw messages have no signature, and are refused",
                remediation: set(arn, "RawMessageDelivery", "false"))
        }
        checkFilter(attributes, arn)
        let retries = Self.retries(attributes["DeliveryPolicy"] ?? attributes["EffectiveDeliveryPolicy"])
        if let retries, retries > Self.defaultRetries {
            check("delivery policy", .passed, "SNS tries \(retries) times again")
        } else {
            check(
                "delivery policy", .failed, "SNS tries for a minute, then the message is lost",
                remediation: set(arn, "DeliveryPolicy", Self.recommendedPolicy))
        }
        if attributes["RedrivePolicy"]?.contains("deadLetterTargetArn") == true {
            check("dead-letter queue", .passed, "what cannot be delivered goes there")
        } else {
            check(
                "dead-letter queue", .failed, "there is none: what cannot be delivered is lost",
                remediation: set(arn, "RedrivePolicy", #"{"deadLetterTargetArn":"arn:…"}"#))
        }
    }

    /// Device Defender publishes without message attributes, so a filter on attributes matches none of its messages
    /// (Amazon SNS Developer Guide, "Subscription filter policy scope").
    private func checkFilter(_ attributes: [String: String], _ arn: String) {
        guard let policy = attributes["FilterPolicy"], !policy.isEmpty, policy != "{}" else {
            check("filter policy", .passed, "there is none: every message is delivered")
            return
        }
        let isOnBody = attributes["FilterPolicyScope"] == "MessageBody"
        check(
            "filter policy", isOnBody ? .skipped : .failed,
            isOnBody
                ? "it selects messages by their body: what does not match is not delivered"
                : "it selects messages by attributes, which Device Defender's messages do not have: nothing is delivered",
            remediation: set(arn, "FilterPolicy", "{}"))
    }

    /// What SNS does without a policy (Amazon SNS Developer Guide, "Message delivery retries").
    private static let defaultRetries: Int64 = 3
    /// An hour, the longest that SNS tries.
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
