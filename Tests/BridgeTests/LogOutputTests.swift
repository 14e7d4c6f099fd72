import Foundation
import TestSupport
import Testing

@testable import Bridge

@Suite struct LogOutputTests {
    private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

    @Test("Trouble is written at once, behind the lines that waited")
    func urgent() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        output.write(line("first"), atOnce: false)
        output.write(line("second"), atOnce: false)
        output.write(line("trouble"), atOnce: true)
        #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "first\nsecond\ntrouble\n")
    }

    @Test("A line that nothing follows is written by itself", .timeLimit(.minutes(1)))
    func alone() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<3 {
            output.write(line("\(number)"), atOnce: false)
            let read = try await onThread { pipe.fileHandleForReading.availableData }
            #expect(String(decoding: read, as: UTF8.self) == "\(number)\n")
        }
    }

    @Test("A line that comes while others are written is written by itself, too", .timeLimit(.minutes(1)))
    func meanwhile() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        // More than may wait, so that it is written at once, in the midst of the pause that it began; and more than the
        // pipe takes, so that the next line comes before that is done.
        let long = String(repeating: "x", count: 200_000)
        let (before, after) = (line(long), line("next"))
        async let writing: Void = onThread { output.write(before, atOnce: false) }
        let first = try await onThread { pipe.fileHandleForReading.availableData }
        async let next: Void = onThread { output.write(after, atOnce: false) }
        let read = try await onThread {
            var read = first
            while !read.suffix(6).elementsEqual("\nnext\n".utf8) { read += pipe.fileHandleForReading.availableData }
            return read
        }
        _ = try await (writing, next)
        #expect(read == Data(before + after))
    }

    @Test("Lines of many threads, longer than a pipe takes at once, come whole and in each thread's order")
    func whole() async throws {
        let pipe = Pipe()
        let output = LogOutput(to: pipe.fileHandleForWriting.fileDescriptor)
        let filling = String(repeating: "x", count: 6000)
        let reading = Task { try await onThread { try pipe.fileHandleForReading.readToEnd() ?? Data() } }
        await withDiscardingTaskGroup { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<100 {
                        output.write(line("\(thread) \(number) \(filling)"), atOnce: number.isMultiple(of: 7))
                    }
                }
            }
        }
        output.flush()
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: try await reading.value, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 400)
        for thread in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }.map(String.init)
            #expect(own == (0..<100).map { "\(thread) \($0) \(filling)" })
        }
    }
}
