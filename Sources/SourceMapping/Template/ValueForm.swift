/// How values stand in a template.
package enum ValueForm: Sendable {
    /// As they are.
    case plain
    /// With `-` instead of each `/`: for finding types, where a slash separates levels.
    case typePart
    /// With percent-encoded bytes (RFC 3986, section 2), but for a value at the start of the template: for URLs.
    case urlPart

    /// The filters ahead of those that are written.
    ///
    /// - Parameter isFirst: whether the value starts the template.
    func filters(isFirst: Bool) -> [TextFilter] {
        switch self {
        case .plain: []
        case .typePart: [.dashes]
        case .urlPart: isFirst ? [] : [.percentEncoded]
        }
    }
}
