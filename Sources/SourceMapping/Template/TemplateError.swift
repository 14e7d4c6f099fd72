/// Why the text of a template was rejected.
package struct TemplateError: Error, Hashable {
    /// The position of the problem in the template, in Unicode scalars, from 1.
    package let column: Int
    /// The problem, without a period.
    package let problem: String
    /// What to write instead: one or more sentences.
    package let fix: String
}
