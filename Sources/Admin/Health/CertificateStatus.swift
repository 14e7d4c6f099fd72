/// The state of the listener's TLS certificate.
package struct CertificateStatus: Sendable {
    /// What is wrong with it, or will be soon.
    package var warnings: [String] = []
    /// Whether it is within its validity period. True for plain HTTP.
    package var isValid = true

    /// Creates a state; without arguments, that of plain HTTP.
    package init(warnings: [String] = [], isValid: Bool = true) {
        self.warnings = warnings
        self.isValid = isValid
    }
}
