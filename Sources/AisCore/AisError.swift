/// The one error type of the program: a code for programs, a sentence for people, and what caused it.
///
/// A message quotes the thing, says what was expected, what was found and what to do next. The codes stand in
/// `AisError+Code.swift`; the wording lives beside the subject, one file each (`AisError+MRC.swift`, …).
package struct AisError: Error, Sendable, CustomStringConvertible {
  package var code: Code
  package var message: String
  /// The error underneath, already put into words.
  package var cause: String?

  package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause.map { String(describing: $0) }
  }

  package var description: String {
    if let cause { return "\(message) (\(cause))" }
    return message
  }
}
