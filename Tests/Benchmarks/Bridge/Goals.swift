import ArgumentParser
import Foundation

/// The goals of a benchmark: prints each figure with its goal, and fails if one is missed. A figure within a tenth of its
/// goal counts as met, because that is how much machines and runs differ.
struct Goals {
    private static let tolerance = 0.1

    private var missed: [String] = []
    private var rows: [String] = []

    /// Adds a figure that should be at most its goal.
    mutating func expect(_ name: String, _ figure: Double, atMost goal: Double, _ unit: String = "", digits: Int = 1) {
        add(name, figure, "≤", goal, unit, digits, isMet: figure <= goal * (1 + Self.tolerance))
    }

    /// Adds a figure that should be at least its goal.
    mutating func expect(_ name: String, _ figure: Double, atLeast goal: Double, _ unit: String = "", digits: Int = 1) {
        add(name, figure, "≥", goal, unit, digits, isMet: figure >= goal * (1 - Self.tolerance))
    }

    private mutating func add(
        _ name: String, _ figure: Double, _ sign: String, _ goal: Double, _ unit: String, _ digits: Int, isMet: Bool
    ) {
        let space = unit.isEmpty ? "" : " "
        rows.append(
            "| \(name) | \(Statistics.text(figure, digits: digits))\(space)\(unit) "
                + "| \(sign) \(Statistics.text(goal, digits: digits))\(space)\(unit) | \(isMet ? "yes" : "NO") |")
        if !isMet { missed.append(name) }
    }

    /// Adds what must not happen at all.
    mutating func require(_ isMet: Bool, _ problem: String) { if !isMet { missed.append(problem) } }

    /// Prints the figures.
    ///
    /// - Throws: `ExitCode` 1 if a goal is missed.
    func report() throws {
        if !rows.isEmpty { print("| what | figure | goal | met |\n|---|---|---|---|") }
        for row in rows { print(row) }
        for problem in missed { print("FAILED: \(problem)") }
        fflush(nil)
        if !missed.isEmpty { throw ExitCode.failure }
    }
}
