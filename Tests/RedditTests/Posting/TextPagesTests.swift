import Testing

@testable import Reddit

struct TextPagesTests {
  @Test func `a text is cut between paragraphs, lines, sentences or words`() {
    #expect(TextPages("one", first: 10, others: 10, pagesMax: 3).pages == ["one"])
    #expect(TextPages("one two\n\nthree", first: 10, others: 10, pagesMax: 3).pages == ["one two", "three"])
    #expect(TextPages("aaaaaaaaaaaaaaa", first: 10, others: 4, pagesMax: 3).pages == ["aaaaaaaaaa", "aaaa", "a"])
  }

  @Test func `what fits no page is told`() {
    let pages = TextPages("one two three four", first: 9, others: 9, pagesMax: 1)
    #expect(pages.pages == ["one two"])
    #expect(pages.rest == "three four")
  }

  @Test func `no page is longer than it may be, and no text is lost`() {
    let flag = "🏳️‍🌈"
    let text = String(repeating: "a \(flag)b\n", count: 200)
    let pages = TextPages(text, first: 50, others: 20, pagesMax: 1000)
    #expect(pages.rest.isEmpty)
    for (number, page) in pages.pages.enumerated() { #expect(page.unicodeScalars.count <= (number == 0 ? 50 : 20)) }
    func plain(_ text: String) -> String { text.filter { !$0.isWhitespace } }
    #expect(plain(pages.pages.joined()) == plain(text))
  }

  @Test func `no page is empty, however much white space there is`() {
    let space = String(repeating: " ", count: 35)
    #expect(TextPages("a\(space)b", first: 10, others: 10, pagesMax: 9).pages.count == 2)
    #expect(TextPages("\(space)b", first: 10, others: 10, pagesMax: 9).pages.allSatisfy { $0.contains("b") })
    #expect(TextPages(" \n\n ", first: 10, others: 10, pagesMax: 9).pages.isEmpty)
  }
}
