import Cryptography
import Encoding

/// Checks the listener's certificate as Amazon SNS and EventBridge do.
struct CertificatePreflight: Sendable {
    private let files: BridgeConfiguration.TLSFiles?
    private let report: @Sendable (PreflightCheck) -> Void

    init(_ files: BridgeConfiguration.TLSFiles?, report: @escaping @Sendable (PreflightCheck) -> Void) {
        self.files = files
        self.report = report
    }

    /// Checks the files, and the chain against the certificate authorities that this machine trusts.
    func run() {
        guard let files else {
            report(
                PreflightCheck(
                    "TLS certificate", "", .skipped, "not configured: a load balancer must terminate TLS"
                ))
            return
        }
        do throws(ConfigurationError) {
            let warnings = try TLSCertificate(files).warnings(now: WallClock.now())
            let isBad = warnings.contains { !$0.contains("expires in") }
            report(
                PreflightCheck(
                    "TLS certificate", files.certificate, isBad ? .failed : .passed,
                    warnings.first ?? "certificate and key match and are valid",
                    remediation: isBad ? "renew the certificate" : ""))
            if !isBad { checkChain(files) }
        } catch {
            report(
                PreflightCheck(
                    "TLS certificate", files.certificate, .failed, error.problem,
                    remediation: "correct the certificate and key files"))
        }
    }

    /// SNS accepts certificates of public certificate authorities only (Amazon SNS Developer Guide, "Using Amazon SNS for HTTP/HTTPS
    /// endpoints"), and clients do not fetch intermediate certificates.
    private func checkChain(_ files: BridgeConfiguration.TLSFiles) {
        let name = "TLS certificate chain"
        guard let chain = chain(files) else { return }
        do throws(CryptographyError) {
            _ = try TrustStore(file: nil).validity(of: chain, at: WallClock.now().milliseconds / 1000)
            report(
                PreflightCheck(
                    name, files.certificate, .passed, "complete up to a certificate authority that this machine trusts")
            )
        } catch {
            report(
                PreflightCheck(
                    name, files.certificate, .failed, error.description,
                    remediation: "append the intermediate certificates to the certificate file. "
                        + "SNS accepts certificates of public certificate authorities only"))
        }
    }

    /// Checks that the certificate is valid for the hosts of URLs. URLs without `https` are skipped.
    func checkNames(of endpoints: Set<String>) {
        guard let files, let certificate = chain(files)?.first else { return }
        for host in Set(endpoints.compactMap(Self.host)).sorted() {
            let isMatch = certificate.matches(hostName: host)
            report(
                PreflightCheck(
                    "TLS certificate name", host, isMatch ? .passed : .failed,
                    isMatch
                        ? "the certificate is valid for this host name"
                        : "the certificate is not valid for this host name, so SNS cannot deliver",
                    remediation: isMatch
                        ? ""
                        : "get a certificate for \(host), or subscribe with a host name that the certificate contains"))
        }
    }

    /// The certificates of the file; nil if they cannot be read, which ``run()`` reports.
    private func chain(_ files: BridgeConfiguration.TLSFiles) -> [Certificate]? {
        guard let pem = try? ConfigurationFile.read(files.certificate, key: "listen.tls.certificate") else {
            return nil
        }
        return try? Certificate.chain(pem: pem)
    }

    /// The host of an `https` URL, without port; nil for other URLs.
    static func host(_ url: String) -> String? {
        let prefix = "https://"
        guard url.utf8.starts(with: prefix.utf8) else { return nil }
        let authority = url.dropFirst(prefix.utf8.count).prefix { $0 != "/" && $0 != "?" }
        let host = authority.split(separator: "@").last ?? ""
        if host.utf8.first == UInt8(ascii: "[") { return host.firstIndex(of: "]").map { String(host[...$0]) } }
        return String(host.prefix { $0 != ":" })
    }
}
