import Testing

@testable import CLI

@Suite struct SearchCommandTests {
  private static let tenant = ["-p", "echo", "-t", "demo"]

  @Test(arguments: [[], ["words", "--like", "m1"], ["--like", "m1", "--explain"]])
  func `either words or what is to be alike is named`(words: [String]) {
    let run = Run(["search"] + Self.tenant + words)
    #expect(run.code == .usage)
    let expected = "either WORDS or --like ID is needed, and not both; --explain is of words"
    #expect(run.errors.hasPrefix("promethean: \(expected)\n"), "\(run.errors)")
  }
}
