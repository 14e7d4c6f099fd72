import Encoding
import Foundation
import TestSupport
import Testing

@testable import Telemetry

@Suite struct BufferedLogWriterTests {
    private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

    /// Waits until all lines are written. On a thread of its own: the reader's task needs one of the pool.
    private func flush(_ output: BufferedLogWriter) async throws {
        try await onThread { output.flush(within: .seconds(60)) }
    }

    @Test("Warnings are written immediately, after the lines that waited")
    func urgent() async throws {
        let pipe = Pipe()
        let output = BufferedLogWriter(to: pipe.fileHandleForWriting.fileDescriptor)
        output.write(line("first"), immediately: false)
        output.write(line("second"), immediately: false)
        output.write(line("trouble"), immediately: true)
        try await flush(output)
        #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "first\nsecond\ntrouble\n")
    }

    @Test(
        "A stalled reader delays no logging thread; lines beyond the buffer are dropped and counted, warnings last",
        .timeLimit(.minutes(15)))
    func stalled() async throws {
        let pipe = Pipe()
        let output = BufferedLogWriter(to: pipe.fileHandleForWriting.fileDescriptor, capacity: 100_000)
        let filling = String(repeating: "x", count: 1000)
        // More than the pipe takes, so that the writer waits for the reader; nothing is read before all is written.
        for number in 0..<1000 { #expect(output.write(line("line \(number) \(filling)"), immediately: false) == nil) }
        for number in 0..<1000 { #expect(output.write(line("warning \(number) \(filling)"), immediately: true) == nil) }
        output.flush(within: .milliseconds(1))
        let dropped = output.allDropped
        #expect(dropped.lines > 500 && (500..<1000).contains(dropped.warnings) && output.takeDropped() == nil)
        let reading = Task { try await onThread { try pipe.fileHandleForReading.readToEnd() ?? Data() } }
        try await flush(output)
        #expect(output.write(line("the reader is back"), immediately: false) == dropped)
        #expect(output.takeDropped() == nil && output.allDropped == dropped)
        try await flush(output)
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: try await reading.value, as: UTF8.self).split(separator: "\n").map(String.init)
        let kept = lines.filter { $0.hasPrefix("line ") }
        let warnings = lines.filter { $0.hasPrefix("warning ") }
        // Whole and in their order.
        #expect(kept.count == 1000 - dropped.lines && warnings.count == 1000 - dropped.warnings)
        for (name, found) in [("line", kept), ("warning", warnings)] {
            let numbers = found.compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
            #expect(numbers == numbers.sorted() && found == numbers.map { "\(name) \($0) \(filling)" })
        }
        #expect(lines.last == "the reader is back")
    }

    @Test("A single line is written without a further one", .timeLimit(.minutes(15)))
    func alone() async throws {
        let pipe = Pipe()
        let output = BufferedLogWriter(to: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<3 {
            output.write(line("\(number)"), immediately: false)
            let read = try await onThread { pipe.fileHandleForReading.availableData }
            #expect(String(decoding: read, as: UTF8.self) == "\(number)\n")
        }
    }

    @Test("A line added during a write is written without a further one", .timeLimit(.minutes(15)))
    func meanwhile() async throws {
        let pipe = Pipe()
        let output = BufferedLogWriter(to: pipe.fileHandleForWriting.fileDescriptor)
        // More than may wait, so that it is written immediately, during the pause that it began; and more than the
        // pipe takes, so that the next line comes before that is done.
        let long = String(repeating: "x", count: 200_000)
        let (before, after) = (line(long), line("next"))
        async let writing: Void = onThread { output.write(before, immediately: false) }
        let first = try await onThread { pipe.fileHandleForReading.availableData }
        async let next: Void = onThread { output.write(after, immediately: false) }
        let read = try await onThread {
            var read = first
            while !read.suffix(6).elementsEqual("\nnext\n".utf8) { read += pipe.fileHandleForReading.availableData }
            return read
        }
        _ = try await (writing, next)
        #expect(read == Data(before + after))
    }

    @Test("Lines of many threads that exceed a pipe's buffer arrive whole and in each thread's order")
    func whole() async throws {
        let pipe = Pipe()
        let output = BufferedLogWriter(to: pipe.fileHandleForWriting.fileDescriptor, capacity: 8_000_000)
        let filling = String(repeating: "x", count: 6000)
        let reading = Task { try await onThread { try pipe.fileHandleForReading.readToEnd() ?? Data() } }
        await withDiscardingTaskGroup { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<100 {
                        output.write(line("\(thread) \(number) \(filling)"), immediately: number.isMultiple(of: 7))
                    }
                }
            }
        }
        try await flush(output)
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: try await reading.value, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 400)
        for thread in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }.map(String.init)
            #expect(own == (0..<100).map { "\(thread) \($0) \(filling)" })
        }
    }
}
