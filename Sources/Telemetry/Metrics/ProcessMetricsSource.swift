import FoundationEssentials
import Glibc

/// Resource usage of this process from the operating system, named as in Prometheus's client libraries.
package struct ProcessMetricsSource: Sendable {
    /// CPU time used, in seconds.
    var processorSeconds = 0.0
    /// In bytes.
    var residentMemory: UInt64?
    /// In bytes.
    var virtualMemory: UInt64?
    var openDescriptors: Int?
    var maximumDescriptors: UInt64?
    /// In seconds since 1970.
    package var startedAt: Double?

    /// Reads the current values.
    package init() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        let pages = Self.fields(of: "/proc/self/statm").prefix(2).compactMap { UInt64($0) }
        if pages.count == 2 {
            let size = UInt64(max(sysconf(CInt(_SC_PAGESIZE)), 0))
            (virtualMemory, residentMemory) = (pages[0] * size, pages[1] * size)
        }
        // One of them is the directory itself.
        openDescriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { $0.count - 1 }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            maximumDescriptors = UInt64(limit.rlim_cur)
        }
        startedAt = Self.start
    }

    /// Computed once: it is derived from two clocks that cannot be read at the same instant, and a start time that changes looks like a
    /// restart.
    private static let start = start(statistics: text(of: "/proc/self/stat"))

    /// Parses the start time from the 22nd field of `/proc/self/stat` (proc(5)), in ticks since boot. The second field is the program's
    /// name in parentheses, and may contain spaces.
    package static func start(statistics: String) -> Double? {
        guard let end = statistics.lastIndex(of: ")") else { return nil }
        let fields = statistics[end...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
        return clock(CLOCK_REALTIME) - clock(CLOCK_BOOTTIME) + ticks / Double(max(sysconf(CInt(_SC_CLK_TCK)), 1))
    }

    /// The values as metrics with the names of Prometheus's client libraries.
    package var families: [MetricFamily] {
        var families = [MetricFamily("process_cpu_seconds_total", .counter, processorSeconds)]
        func add(_ name: String, _ value: Double?) {
            if let value { families.append(MetricFamily(name, .gauge, value)) }
        }
        add("process_resident_memory_bytes", residentMemory.map { Double($0) })
        add("process_virtual_memory_bytes", virtualMemory.map { Double($0) })
        add("process_open_fds", openDescriptors.map { Double($0) })
        add("process_max_fds", maximumDescriptors.map { Double($0) })
        add("process_start_time_seconds", startedAt)
        return families
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func clock(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func text(of path: String) -> String {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func fields(of path: String) -> [Substring] { text(of: path).split(separator: " ") }
}

/// Disk space used by, and free for, a SQLite database.
package struct DiskSpace: Sendable {
    /// Size of the database and its WAL files, in bytes.
    package let used: UInt64
    /// Free space for this process on their file system, in bytes.
    package let free: UInt64

    /// Reads the current values; nil if the file system cannot be queried.
    ///
    /// - Parameter path: path of the database file.
    package init?(ofStoreAt path: String) {
        var system = statvfs()
        var used: UInt64 = 0
        for file in [path, path + "-wal", path + "-shm"] {
            var status = stat()
            if stat(file, &status) == 0 { used += UInt64(max(status.st_size, 0)) }
        }
        guard statvfs(path, &system) == 0 else { return nil }
        self.used = used
        free = UInt64(system.f_bavail) * UInt64(system.f_frsize)
    }
}
