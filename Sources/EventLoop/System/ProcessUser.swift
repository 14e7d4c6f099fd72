import Glibc

/// The user that the process runs as.
public enum ProcessUser {
    /// Switches to the owner of a file or directory, with the owner's groups, if the process runs as root. This cannot
    /// be undone.
    ///
    /// Files that the process creates are then accessible to a service that runs as this owner.
    ///
    /// - Returns: whether the user changed. It does not if the process does not run as root, if the owner is root, or if
    ///   nothing is at the path.
    /// - Throws: ``EventLoopError`` if the owner cannot be determined or the system denies the change.
    public static func becomeOwner(of path: String) throws(EventLoopError) -> Bool {
        guard geteuid() == 0 else { return false }
        var status = stat()
        if stat(path, &status) != 0, errno == ENOENT { return false }
        try check(stat(path, &status), "read the owner of \(path)")
        guard status.st_uid != 0 else { return false }
        let group = primaryGroup(of: status.st_uid) ?? status.st_gid
        try check(setGroups(of: status.st_uid, group), "switch to the groups of the owner of \(path)")
        try check(setgid(group), "switch to the group of the owner of \(path)")
        try check(setuid(status.st_uid), "switch to the owner of \(path)")
        return true
    }

    private static func check(_ result: CInt, _ operation: String) throws(EventLoopError) {
        // libuv's codes on Linux are the negative values of errno.
        if result != 0 { throw EventLoopError(-errno, operation: operation) }
    }

    private static func setGroups(of user: uid_t, _ group: gid_t) -> CInt {
        let name = entry(of: user) { entry in entry.pw_name.map { String(cString: $0) } ?? "" } ?? ""
        return name.isEmpty ? setgroups(1, [group]) : initgroups(name, group)
    }

    private static func primaryGroup(of user: uid_t) -> gid_t? { entry(of: user) { $0.pw_gid } }

    /// Reads the entry of a user in the user database; nil if there is none.
    private static func entry<Value>(of user: uid_t, _ read: (passwd) -> Value) -> Value? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let start = buffer.baseAddress, getpwuid_r(user, &entry, start, buffer.count, &found) == 0, let found
            else { return nil }
            return read(found.pointee)
        }
    }
}
