import AWSCore
import Cryptography
import Synchronization

/// Has the listener's certificate, and reads it anew when its files change.
final class TLSCertificate: Sendable {
    /// What came of a look at the files.
    enum Outcome: Sendable {
        /// They hold what is in use, or what was refused already.
        case unchanged
        /// They hold something new, which may not be whole yet: look again.
        case changing
        /// There is a new context to use.
        case replaced(TLSServerContext)
        /// What they hold cannot be used; what is in use stays.
        case failed(String)
    }

    private struct State {
        var context: TLSServerContext
        /// Digests of the files that are in use, that were refused, and that were seen last.
        var used: [UInt8]
        var rejected: [UInt8]?
        var seen: [UInt8]
        /// Why the files cannot be used as they are now.
        var problem: String?
    }

    private let files: BridgeConfiguration.TLSFiles
    private let state: Mutex<State>

    /// Reads the files for the first time.
    ///
    /// - Throws: ``ConfigurationError`` if they cannot be used.
    init(_ files: BridgeConfiguration.TLSFiles) throws(ConfigurationError) {
        let read = try Self.read(files)
        self.files = files
        state = Mutex(State(context: try Self.context(read), used: read.digest, seen: read.digest))
    }

    /// What is in use.
    var context: TLSServerContext { state.withLock { $0.context } }

    /// Looks at the files.
    ///
    /// - Parameter isSteady: whether a change must have been seen twice: certificate and key are two files, and a look
    ///   may fall between their writing.
    func look(isSteady: Bool) -> Outcome {
        let result: Result<Files, ConfigurationError>
        do throws(ConfigurationError) { result = .success(try Self.read(files)) } catch { result = .failure(error) }
        return state.withLock { state in
            let digest = (try? result.get().digest) ?? []
            let wasSeen = state.seen == digest
            state.seen = digest
            if digest == state.used {
                (state.problem, state.rejected) = (nil, nil)
                return .unchanged
            }
            if isSteady {
                guard digest != state.rejected else { return .unchanged }
                guard wasSeen else { return .changing }
            }
            do throws(ConfigurationError) {
                state.context = try Self.context(result.get())
                (state.used, state.rejected, state.problem) = (digest, nil, nil)
                return .replaced(state.context)
            } catch {
                (state.rejected, state.problem) = (digest, error.description)
                return .failed(error.description)
            }
        }
    }

    /// The same certificate with new keys for session tickets: whoever steals one can read what was encrypted with it.
    func renewTickets() throws(ConfigurationError) -> TLSServerContext? {
        let read = try Self.read(files)
        guard read.digest == state.withLock({ $0.used }) else { return nil }
        let fresh = try Self.context(read)
        state.withLock { $0.context = fresh }
        return fresh
    }

    /// What an operator should know: that the certificate is not valid, or not for long, or that its files are broken.
    ///
    /// - Parameter now: seconds since 1970.
    func warnings(now: Int64) -> [String] {
        let (certificate, problem) = state.withLock { ($0.context.certificate, $0.problem) }
        let expiry = Self.expiryWarning(notBefore: certificate.notBefore, notAfter: certificate.notAfter, now: now)
        return [expiry, problem.map { "The TLS certificate in use is an earlier one. \($0)" }].compactMap(\.self)
    }

    /// Whether the certificate in use is valid.
    ///
    /// - Parameter now: seconds since 1970.
    func isValid(now: Int64) -> Bool {
        let certificate = context.certificate
        return certificate.notBefore <= now && now <= certificate.notAfter
    }

    /// - Parameters: seconds since 1970.
    static func expiryWarning(notBefore: Int64, notAfter: Int64, now: Int64) -> String? {
        if now < notBefore { return "The TLS certificate is not valid yet. Check this machine's clock." }
        if now > notAfter { return "The TLS certificate has expired. Put a new one into its file." }
        // Two weeks, or the last third of a short life.
        let notice = min(14 * 86_400, notAfter.saturatingSubtracting(notBefore) / 3)
        let rest = notAfter.saturatingSubtracting(now)
        guard rest < notice else { return nil }
        let hours = rest / 3600
        let left = hours < 48 ? "\(hours) hours" : "\(hours / 24) days"
        return "The TLS certificate expires in \(left). Put a new one into its file."
    }

    // MARK: Reading

    private struct Files {
        let certificate: [UInt8]
        let privateKey: [UInt8]

        var digest: [UInt8] { Digest.sha256(Digest.sha256(certificate) + Digest.sha256(privateKey)) }
    }

    private static func read(_ files: BridgeConfiguration.TLSFiles) throws(ConfigurationError) -> Files {
        Files(
            certificate: try ConfigurationFile.read(files.certificate, key: "listen.tls.certificate"),
            privateKey: try ConfigurationFile.read(files.privateKey, key: "listen.tls.privateKey"))
    }

    private static func context(_ files: Files) throws(ConfigurationError) -> TLSServerContext {
        do throws(CryptographyError) {
            return try TLSServerContext(certificateChainPEM: files.certificate, privateKeyPEM: files.privateKey)
        } catch {
            throw ConfigurationError("listen.tls.certificate", "\(error)")
        }
    }
}
