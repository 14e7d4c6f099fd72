/// A mapping that is part of the program. The order is that of the documentation.
package enum BuiltInMapping: String, Sendable, CaseIterable {
    /// Amazon CloudWatch alarms.
    case cloudWatchAlarm = "cloudwatch-alarm"
    /// Nozomi Networks.
    case nozomi
    /// Dragos, JSON.
    case dragos
    /// Dragos, CEF.
    case dragosCEF = "dragos-cef"
    /// Claroty CTD, CEF.
    case clarotyCTD = "claroty-ctd"
    /// Claroty xDome.
    case clarotyXDome = "claroty-xdome"
    /// Prometheus Alertmanager.
    case alertmanager

    /// The content of its file.
    package var text: String {
        let bytes =
            switch self {
            case .cloudWatchAlarm: PackageResources.cloudwatch_alarm_yaml
            case .nozomi: PackageResources.nozomi_yaml
            case .dragos: PackageResources.dragos_yaml
            case .dragosCEF: PackageResources.dragos_cef_yaml
            case .clarotyCTD: PackageResources.claroty_ctd_yaml
            case .clarotyXDome: PackageResources.claroty_xdome_yaml
            case .alertmanager: PackageResources.alertmanager_yaml
            }
        return String(decoding: bytes, as: UTF8.self)
    }
}
