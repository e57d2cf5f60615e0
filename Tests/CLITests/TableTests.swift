import Testing

@testable import CLI

struct TableTests {
  private var table: Table {
    var table = Table([.init("NAME", limit: 8), .init("COUNT", .right), .init("TEXT")])
    table.append(["a", "7", "short"])
    table.append(["much too long", "1000", "ein längerer Text, 日本語 dabei"])
    table.append([.init("ünï", .good), "", .init("", .bad)])
    return table
  }

  @Test func `columns are aligned, and nothing trails`() {
    #expect(
      table.lines(style: .plain, width: nil) == [
        "NAME      COUNT  TEXT",
        "a             7  short",
        "much to…   1000  ein längerer Text, 日本語 dabei",
        "ünï",
      ]
    )
  }

  @Test(arguments: [(40, "ein längerer Text, 日…"), (41, "ein längerer Text, 日本…"), (20, "ein länge…")])
  func `the last column ends where the terminal does`(width: Int, text: String) {
    let line = table.lines(style: .plain, width: width)[2]
    #expect(line == "much to…   1000  " + text)
    #expect(Cells.width(line) <= max(width, 27))
  }

  @Test func `colour changes no alignment`() {
    let colored = table.lines(style: Style(isColored: true), width: nil)
    #expect(colored[0] == "\u{1B}[1mNAME\u{1B}[0m      \u{1B}[1mCOUNT\u{1B}[0m  \u{1B}[1mTEXT\u{1B}[0m")
    #expect(colored[3] == "\u{1B}[32münï\u{1B}[0m")
  }

  @Test(arguments: [
    ("plain", 5), ("é", 1), ("日本", 4), ("👩‍👩‍👧", 2), ("❤️", 2), ("", 0), ("e\u{301}", 1),
  ]) func `width is counted in cells`(text: String, width: Int) {
    #expect(Cells.width(text) == width)
  }

  @Test(arguments: [
    ("two\nlines\ttabbed\r\nends", "two lines tabbed ends"),
    ("\u{1B}[31mred\u{7}", "\u{FFFD}[31mred\u{FFFD}"),
    ("\u{9B}2J", "\u{FFFD}2J"),
    ("abc\u{202E}cba", "abc\u{FFFD}cba"),
    ("👩‍👩‍👧 é", "👩‍👩‍👧 é"),
  ]) func `what strangers wrote does nothing to the terminal`(text: String, printed: String) {
    #expect(Cells.printable(text) == printed)
    #expect(Table.Field(text).text == printed)
  }
}
