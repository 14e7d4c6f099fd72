package import AWSCore
import FoundationEssentials
import JSON

/// The AWS settings from environment variables and the shared configuration files.
package struct AWSSettings: Sendable {
    /// An invalid setting.
    package struct SettingError: Error, Hashable, CustomStringConvertible {
        /// The environment variable, the file or the key.
        package let place: String
        /// The problem and its remediation.
        package let description: String
    }

    /// The endpoints of the services.
    package let endpoints: Endpoints
    /// The default Region; nil if none is configured.
    package let region: Region?
    let plan: CredentialsPlan
    private let environment: [String: String]
    private let read: @Sendable (String) -> [UInt8]?

    /// The size limit of a shared file, in bytes.
    private static let maximumLength = 1_048_576

    /// Reads the variables and the files.
    ///
    /// - Parameters:
    ///   - environment: the environment variables.
    ///   - read: reads a file; returns nil if there is none.
    /// - Throws: ``SettingError`` for the first invalid setting.
    package init(
        environment: [String: String], read: @escaping @Sendable (String) -> [UInt8]? = Self.readFile
    ) throws(SettingError) {
        self.environment = environment
        self.read = read
        let shared = try Self.shared(environment, read)
        let profile = shared.configured[ProfileName.named(in: environment) ?? "default"] ?? [:]
        let services = profile["services"].flatMap { shared.services[$0] } ?? [:]
        do throws(EndpointError) {
            endpoints = try Endpoints(environment: environment, profile: profile, services: services)
        } catch {
            throw SettingError(
                place: error.variable, description: "not a URL of the form https://host:port. Correct or unset it.")
        }
        region = try Self.region(environment, profile)
        do throws(CredentialsError) {
            plan = try CredentialsPlan(environment: environment, shared: shared)
        } catch {
            throw SettingError(place: "AWS credentials", description: error.description)
        }
    }

    /// The plan from the current variables and files; files may have changed since the start.
    func currentPlan() throws(CredentialsError) -> CredentialsPlan {
        do throws(SettingError) {
            return try AWSSettings(environment: environment, read: read).plan
        } catch {
            throw CredentialsError("\(error.place): \(error.description)")
        }
    }

    var readFile: @Sendable (String) -> [UInt8]? { read }

    /// The default session name for assumed roles: `defender-bridge-` and the host name, at most 64 characters.
    ///
    /// - Parameter hostName: any text; characters that STS does not allow in a session name become dashes.
    package static func sessionName(hostName: String) -> String {
        let host = hostName.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: Unicode.Scalar(byte)
            case _ where "_+=,.@-".utf8.contains(byte): Unicode.Scalar(byte)
            default: "-" as Unicode.Scalar
            }
        }
        return String(("defender-bridge-" + String(String.UnicodeScalarView(host))).prefix(64))
    }

    private static func region(
        _ environment: [String: String], _ profile: ProfileFile.Section
    ) throws(SettingError) -> Region? {
        for (name, text) in [
            ("AWS_REGION", environment["AWS_REGION"]), ("AWS_DEFAULT_REGION", environment["AWS_DEFAULT_REGION"]),
            ("region", profile["region"]),
        ] {
            guard let text = KeyText.trimmed(text) else { continue }
            guard let region = Region(text) else {
                throw SettingError(
                    place: name, description: "\"\(text)\" is not a Region name. Use a name such as eu-central-1.")
            }
            return region
        }
        return nil
    }

    // MARK: Files

    private static func shared(
        _ environment: [String: String], _ read: (String) -> [UInt8]?
    ) throws(SettingError) -> SharedProfiles {
        SharedProfiles(
            configuration: try file("AWS_CONFIG_FILE", "config", environment, read),
            credentials: try file("AWS_SHARED_CREDENTIALS_FILE", "credentials", environment, read))
    }

    private static func file(
        _ variable: String, _ name: String, _ environment: [String: String], _ read: (String) -> [UInt8]?
    ) throws(SettingError) -> ProfileFile {
        let home = environment["HOME"]
        var path = KeyText.trimmed(environment[variable]) ?? "~/.aws/\(name)"
        if path.hasPrefix("~/") {
            guard let home else { return ProfileFile() }
            path = home + path.dropFirst()
        }
        guard let bytes = read(path) else { return ProfileFile() }
        // Some editors write a byte order mark.
        let plain = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: plain, as: UTF8.self) else {
            throw SettingError(place: path, description: "not UTF-8 text. Save the file as UTF-8.")
        }
        do throws(ProfileFile.ParseError) {
            return try ProfileFile(text)
        } catch {
            throw SettingError(place: path, description: "line \(error.line): \(error.reason). Correct the line.")
        }
    }

    /// Reads a file of at most 1 MiB, without its byte order mark; nil if it is larger or cannot be read.
    package static let readFile: @Sendable (String) -> [UInt8]? = { path in
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= maximumLength else { return nil }
        return Array(ByteOrderMark.dropped(from: Array(data)))
    }
}
