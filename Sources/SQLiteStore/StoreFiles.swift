import Glibc
import Store
import Synchronization

/// The files of an open SQLite store.
///
/// SQLite keeps them open. If one is removed or replaced at run time, SQLite continues to write to an unlinked file,
/// which is lost when the process ends.
final class StoreFiles: Sendable {
    private struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    /// The path of the file, as it was opened.
    let path: String
    private let marksDamage: Bool
    private let identities: Mutex<[String: Identity]>

    /// The suffixes of the files that SQLite keeps for a store.
    private static let suffixes = ["", "-wal", "-shm"]
    private static let mark = ".needs-check"

    /// - Parameters:
    ///   - path: the file of an open store.
    ///   - marksDamage: whether ``markDamaged()`` has an effect.
    init(path: String, marksDamage: Bool) {
        self.path = path
        self.marksDamage = marksDamage
        identities = Mutex(
            Dictionary(
                uniqueKeysWithValues: Self.suffixes.compactMap { suffix in
                    Self.identity(path + suffix).map { (suffix, $0) }
                }))
    }

    /// Checks that each path still names the open file.
    ///
    /// - Throws: ``StoreError/Code/unavailable`` if one was removed or replaced.
    func check() throws(StoreError) {
        let changed = identities.withLock { identities in
            Self.suffixes.first { suffix in
                let found = Self.identity(path + suffix)
                guard let known = identities[suffix] else {
                    identities[suffix] = found
                    return false
                }
                return found != known
            }
        }
        guard let changed else { return }
        throw StoreError(
            .unavailable,
            "The store's file was removed or replaced while in use: \(path)\(changed). Stop the bridge, "
                + "restore the file, and start the bridge again.")
    }

    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }

    // MARK: Damage

    /// Makes the next serving process check the whole file before it uses it.
    func markDamaged() {
        guard marksDamage else { return }
        let descriptor = open(path + Self.mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the file is marked as damaged.
    static func isMarkedDamaged(_ path: String) -> Bool { access(path + mark, F_OK) == 0 }

    /// Removes the mark: the file is sound or was replaced.
    static func clearDamageMark(_ path: String) { unlink(path + mark) }
}
