package import AWSCore
package import DeviceDefender

extension SecurityFinding {
    /// Makes the finding for a detect alarm: active while the alarm is active, otherwise archived. All times are the
    /// event's.
    ///
    /// The severity comes from the rules, otherwise from the behavior's name (`MessagesSent-High`), otherwise it is
    /// medium.
    ///
    /// - Parameters:
    ///   - accountRegion: the account and Region of the topic that published the alarm.
    ///   - severities: the configured severities, matched against `profile/behavior`.
    package init(alarm: Alarm, accountRegion: AccountRegion, severities: SeverityRules = .none) {
        let words = AlarmText(alarm)
        let rule = "\(alarm.securityProfileName)/\(alarm.behavior.name)"
        let named = Self.severity(behaviorName: alarm.behavior.name)
        self.init(
            FindingDraft(
                id: FindingID.violation(id: alarm.violationID, accountRegion: accountRegion),
                accountRegion: accountRegion,
                generatorID: rule,
                types: Self.types(alarm),
                severity: severities.severity(of: rule) ?? named?.label ?? .medium,
                originalSeverity: named?.word ?? Severity.Label.medium.rawValue,
                title: words.title,
                description: words.description,
                sourceURL: ConsolePage.violations(
                    securityProfile: alarm.securityProfileName, accountRegion: accountRegion),
                remediation: FindingDraft.Remediation(
                    text: "Investigate what the device does and who controls it. If it may be compromised, "
                        + "isolate it, for example by moving it to a thing group with a restrictive policy, and replace its "
                        + "certificate. If the behavior is harmless, set the alarm's verification state, and adjust the "
                        + "behavior in the security profile.",
                    url: ConsolePage.violations(accountRegion: accountRegion)),
                resource: FindingDraft.Resource(
                    type: "Other",
                    id: ResourceText.thingARN(alarm.thingName, accountRegion: accountRegion) ?? alarm.thingName,
                    details: Self.details(alarm, accountRegion: accountRegion)),
                productFields: AlarmFields(alarm).entries,
                createdAt: alarm.time,
                updatedAt: alarm.time,
                firstObservedAt: alarm.time,
                lastObservedAt: alarm.time,
                recordState: alarm.eventType == .inAlarm ? .active : .archived))
    }

    /// The severity in the behavior's name (`MessagesSent-High`), as label and as written; nil if there is none.
    ///
    /// Device Defender's own integration gives all alarms medium severity; AWS's sample uses the name's second part.
    /// Here the last dash-separated part that is a severity applies.
    static func severity(behaviorName: String) -> (label: Severity.Label, word: String)? {
        for part in behaviorName.split(separator: "-", omittingEmptySubsequences: false).dropFirst().reversed() {
            if let label = Severity.Label(rawValue: part.uppercased()) { return (label, String(part)) }
        }
        return nil
    }

    private static func types(_ alarm: Alarm) -> [String] {
        let rule = ResourceText.typePart("\(alarm.securityProfileName)-\(alarm.behavior.name)")
        let metric = alarm.behavior.metric.map { "/" + ResourceText.typePart($0) } ?? ""
        return [
            "Software and Configuration Checks/AWS IoT Device Defender/\(rule)",
            "Unusual Behaviors/IoT Device\(metric)",
        ]
    }

    private static func details(_ alarm: Alarm, accountRegion: AccountRegion) -> [(key: String, value: String)] {
        var details = [(key: "ThingName", value: alarm.thingName)]
        if let arn = ResourceText.thingARN(alarm.thingName, accountRegion: accountRegion) {
            details.append(("ThingArn", arn))
        }
        if let level = alarm.confidenceLevel { details.append(("ConfidenceLevel", level.rawValue)) }
        return details
    }
}
