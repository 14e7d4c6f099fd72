public import AWSCore
import FoundationEssentials
import JSON

/// What the process's variables and AWS's shared files say.
public struct AWSSettings: Sendable {
    /// Why the settings cannot be used.
    public struct SettingError: Error, Hashable, CustomStringConvertible {
        /// The variable, or the file.
        public let place: String
        /// What is wrong, and what to do.
        public let description: String
    }

    /// Where the services are reached.
    public let endpoints: Endpoints
    /// The Region of the caller; nil if nothing names one.
    public let region: Region?
    let plan: CredentialsPlan
    private let environment: [String: String]
    private let read: @Sendable (String) -> [UInt8]?

    /// The longest file that is read, in bytes.
    private static let maximumLength = 1_048_576

    /// Reads the variables and the files.
    ///
    /// - Parameters:
    ///   - environment: the process's variables.
    ///   - read: reads a file; nil if there is none.
    /// - Throws: ``SettingError`` for the first setting that cannot be used.
    public init(
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
                place: error.variable, description: "it is not a URL of the form https://host:port; mend or unset it")
        }
        region = try Self.region(environment, profile)
        do throws(CredentialsError) {
            plan = try CredentialsPlan(environment: environment, shared: shared)
        } catch {
            throw SettingError(place: "AWS credentials", description: error.description)
        }
    }

    /// The plan as variables and files are now: files may have changed.
    func currentPlan() throws(CredentialsError) -> CredentialsPlan {
        do throws(SettingError) {
            return try AWSSettings(environment: environment, read: read).plan
        } catch {
            throw CredentialsError("\(error.place): \(error.description)")
        }
    }

    var readFile: @Sendable (String) -> [UInt8]? { read }

    /// How a session is called that the settings do not name: by the program and its machine.
    ///
    /// - Parameter hostName: any text; what STS does not take in a name becomes a dash.
    public static func sessionName(hostName: String) -> String {
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
                    place: name, description: "\"\(text)\" is not a Region such as eu-central-1; mend it")
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
        // Some editors put a byte order mark before a text.
        let plain = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: plain, as: UTF8.self) else {
            throw SettingError(place: path, description: "it is not UTF-8 text")
        }
        do throws(ProfileFile.ParseError) {
            return try ProfileFile(text)
        } catch {
            throw SettingError(place: path, description: "line \(error.line) cannot be read: \(error.reason); mend it")
        }
    }

    /// Reads a file of at most a mebibyte, without a byte order mark at its start; nil for a longer one, or if it cannot be read.
    public static let readFile: @Sendable (String) -> [UInt8]? = { path in
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= maximumLength else { return nil }
        return Array(ByteOrderMark.dropped(from: Array(data)))
    }
}
