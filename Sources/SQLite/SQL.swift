/// SQL text that is made of literals and whole numbers, so that no value of a user's can become part of it.
///
/// There is no initializer that takes a string: values go in by binding, and a statement is composed of literals with
/// `+`.
package struct SQL: Sendable, ExpressibleByStringLiteral {
  let text: String

  package init(stringLiteral literal: StaticString) {
    text = literal.description
  }

  /// The number as a literal, for a pragma, which takes no bound value.
  package init(_ number: Int64) {
    text = String(number)
  }

  private init(text: String) {
    self.text = text
  }

  package static func + (left: SQL, right: SQL) -> SQL {
    SQL(text: left.text + right.text)
  }

  package static func += (left: inout SQL, right: SQL) {
    left = left + right
  }
}
