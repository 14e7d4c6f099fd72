extension LocalAWS {
    /// An implemented operation of an AWS API.
    package enum Operation: String, Sendable, Hashable, CaseIterable {
        /// AWS STS.
        case getCallerIdentity = "GetCallerIdentity"
        /// AWS STS.
        case assumeRole = "AssumeRole"
        /// AWS Security Hub.
        case batchImportFindings = "BatchImportFindings"
        /// AWS Security Hub.
        case getFindings = "GetFindings"
        /// AWS Security Hub.
        case batchUpdateFindings = "BatchUpdateFindings"
        /// AWS Security Hub.
        case describeHub = "DescribeHub"
        /// AWS Security Hub.
        case listEnabledProductsForImport = "ListEnabledProductsForImport"
        /// AWS Security Hub (in OCSF).
        case describeSecurityHubV2 = "DescribeSecurityHubV2"
        /// AWS Security Hub (in OCSF).
        case getFindingsV2 = "GetFindingsV2"
        /// AWS IoT.
        case describeAuditTask = "DescribeAuditTask"
        /// AWS IoT.
        case describeThing = "DescribeThing"
        /// AWS IoT.
        case listAuditFindings = "ListAuditFindings"
        /// AWS IoT.
        case listAuditTasks = "ListAuditTasks"
        /// AWS IoT.
        case listAuditSuppressions = "ListAuditSuppressions"
        /// AWS IoT.
        case listViolationEvents = "ListViolationEvents"
        /// AWS IoT.
        case listActiveViolations = "ListActiveViolations"
        /// Amazon SNS.
        case confirmSubscription = "ConfirmSubscription"
        /// Amazon SNS.
        case listSubscriptionsByTopic = "ListSubscriptionsByTopic"
        /// Amazon SNS.
        case getSubscriptionAttributes = "GetSubscriptionAttributes"
        /// Amazon SNS.
        case getTopicAttributes = "GetTopicAttributes"
        /// Amazon SNS.
        case publish = "Publish"
        /// AWS CloudTrail.
        case describeTrails = "DescribeTrails"
        /// AWS CloudTrail.
        case getTrailStatus = "GetTrailStatus"
        /// Amazon EventBridge.
        case listRules = "ListRules"
        /// Amazon EventBridge.
        case listTargetsByRule = "ListTargetsByRule"
        /// Amazon CloudWatch.
        case describeAlarms = "DescribeAlarms"
        /// Amazon CloudWatch.
        case describeAlarmContributors = "DescribeAlarmContributors"
    }
}
