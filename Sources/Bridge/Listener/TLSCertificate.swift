import Cryptography
import DeviceDefender
import Encoding
import Logging
import Synchronization
import Telemetry

/// The listener's certificate, reloaded when its files change.
final class TLSCertificate: Sendable {
    /// The result of polling the files.
    enum Outcome: Sendable {
        /// The files hold the certificate in use, or one that was rejected before.
        case unchanged
        /// The files have changed and may not be complete yet: poll again.
        case changing
        /// A new certificate was loaded; use its context.
        case replaced(TLSServerContext)
        /// The files cannot be used, for the reason given; the certificate in use stays.
        case failed(String)
    }

    private struct State {
        var context: TLSServerContext
        /// Digests of the files in use, of those that were rejected last, and of those that were read last.
        var used: [UInt8]
        var rejected: [UInt8]?
        var seen: [UInt8]
        /// Why the files' current contents cannot be used.
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

    /// The context in use.
    var context: TLSServerContext { state.withLock { $0.context } }

    /// Reads the files and loads what has changed.
    ///
    /// - Parameter isSteady: whether a change must be read twice before it is loaded: certificate and key are two files, and
    ///   polling may fall between the writes.
    func poll(isSteady: Bool) -> Outcome {
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

    /// Creates a context with the same certificate and new session ticket keys. Rotation limits what a stolen key decrypts.
    ///
    /// - Returns: nil if the files have changed.
    func renewTickets() throws(ConfigurationError) -> TLSServerContext? {
        let read = try Self.read(files)
        guard read.digest == state.withLock({ $0.used }) else { return nil }
        let fresh = try Self.context(read)
        state.withLock { $0.context = fresh }
        return fresh
    }

    /// Warnings for operators: the certificate is not valid or expires soon, or its files cannot be used.
    func warnings(now: Timestamp) -> [String] {
        let (certificate, problem) = state.withLock { ($0.context.certificate, $0.problem) }
        let expiry = Self.expiryWarning(
            notBefore: certificate.notBefore, notAfter: certificate.notAfter, now: Self.seconds(now))
        return [expiry, problem.map { "TLS certificate reload failed; the previous certificate stays in use. \($0)" }]
            .compactMap(\.self)
    }

    /// Logs what ``warnings(now:)`` returns.
    func logWarnings(to logger: Logger, now: Timestamp) {
        let (certificate, problem) = state.withLock { ($0.context.certificate, $0.problem) }
        func text(_ seconds: Int64) -> LogValue {
            .string(Timestamp(milliseconds: seconds.saturatingMultiplied(by: 1000)).iso8601)
        }
        switch Self.expiry(notBefore: certificate.notBefore, notAfter: certificate.notAfter, now: Self.seconds(now)) {
        case .notYetValid: logger.log(.certificateNotYetValid, [.validFrom: text(certificate.notBefore)])
        case .expired: logger.log(.certificateExpired, [.expiresAt: text(certificate.notAfter)])
        case .soon: logger.log(.certificateExpiresSoon, [.expiresAt: text(certificate.notAfter)])
        case nil: break
        }
        if let problem { logger.log(.certificateInUseOutdated, [.reason: .string(problem)]) }
    }

    /// Whether the certificate in use is valid.
    func isValid(now: Timestamp) -> Bool {
        let (certificate, now) = (context.certificate, Self.seconds(now))
        return certificate.notBefore <= now && now <= certificate.notAfter
    }

    /// A time as in certificates, which have whole seconds.
    private static func seconds(_ time: Timestamp) -> Int64 { time.milliseconds / 1000 }

    /// Why an operator should replace a certificate.
    enum Expiry: Hashable {
        case notYetValid
        case expired
        /// It expires in this many seconds.
        case soon(Int64)
    }

    /// Why a certificate should be replaced; nil if it is valid for long enough.
    ///
    /// - Parameters: seconds since 1970.
    static func expiry(notBefore: Int64, notAfter: Int64, now: Int64) -> Expiry? {
        if now < notBefore { return .notYetValid }
        if now > notAfter { return .expired }
        // Two weeks, or the last third of a short validity period.
        let notice = min(14 * 86_400, notAfter.saturatingSubtracting(notBefore) / 3)
        let rest = notAfter.saturatingSubtracting(now)
        return rest < notice ? .soon(rest) : nil
    }

    /// The warning about a validity period; nil if there is none. All times are seconds since 1970.
    static func expiryWarning(notBefore: Int64, notAfter: Int64, now: Int64) -> String? {
        switch expiry(notBefore: notBefore, notAfter: notAfter, now: now) {
        case .notYetValid:
            return "TLS certificate not valid yet: its validity starts in the future. Check this machine's clock."
        case .expired: return "TLS certificate expired. Replace its file."
        case .soon(let rest):
            let hours = rest / 3600
            let left = hours < 48 ? "\(hours) hours" : "\(hours / 24) days"
            return "TLS certificate expires in \(left). Replace its file."
        case nil: return nil
        }
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
