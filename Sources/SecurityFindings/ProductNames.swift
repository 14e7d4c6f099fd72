/// The configured names of the product and the company that findings come from (`mapping.productName`,
/// `mapping.companyName`). A custom integration may set them (Security Hub User Guide, "Optional top-level ASFF
/// attributes"); Security Hub fills in its own names for those that are absent.
package struct ProductNames: Sendable, Hashable {
    /// No names.
    package static let none = ProductNames()
    /// The numbers of characters that a name may have (Security Hub API Reference, `AwsSecurityFinding`).
    package static let length = 1...128
    /// The names that Security Hub gives findings of an account's default product.
    static let `default` = ProductNames(product: "Default", company: "Personal")

    /// ASFF's `ProductName`.
    package let product: String?
    /// ASFF's `CompanyName`.
    package let company: String?

    /// Creates a value.
    package init(product: String? = nil, company: String? = nil) {
        self.product = product
        self.company = company
    }

    /// A finding with these names.
    package func naming(_ finding: SecurityFinding) -> SecurityFinding {
        var named = finding
        named.names = self
        return named
    }

    /// Texts that are equal for equal names; none if there are no names.
    package var entries: [String] { self == .none ? [] : [product ?? "", company ?? ""] }
}
