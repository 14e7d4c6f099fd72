package import Encoding
package import SecurityFindings

/// What an item of a mapped source reports.
package struct MappedReport: Sendable {
    /// The content of a report.
    package enum Content: Sendable {
        /// A finding in its present state, and its group.
        case finding(SecurityFinding, group: String?)
        /// All findings of a group are archived.
        case groupArchived(String)
    }

    /// What is reported.
    package let content: Content
    /// The place among the reports of the source.
    package let order: ReportOrder
    /// When the store accepted the item.
    package let acceptedAt: Timestamp

    /// Creates a value.
    package init(_ content: Content, order: ReportOrder, acceptedAt: Timestamp) {
        self.content = content
        self.order = order
        self.acceptedAt = acceptedAt
    }
}
