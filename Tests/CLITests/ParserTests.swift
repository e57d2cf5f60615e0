import Testing

@testable import CLI

/// A small command tree with every kind of option and argument.
private enum Sample {
  static let number = Option.value("number", short: "n", .integer(in: 1...9), "A number.", default: "3")
  static let names = Option.value("name", .text("NAME"), "A name.", isRepeatable: true)
  static let fast = Option.flag("fast", short: "f", "Faster.")
  static let loud = Option.flag("loud", short: "l", "Louder.")
  static let place = Option.value("place", .text("PLACE"), "A place.", environment: "PLACE", isRequired: true)
  static let target = Argument(.text("TARGET"), "What.")
  static let rest = Argument(.text("REST"), "More.", isRequired: false, isRepeatable: true)

  static let root = Command(
    "root",
    "Does",
    details: "",
    examples: [],
    subcommands: [
      Command(
        "run",
        "Runs",
        details: "",
        arguments: [target, rest],
        options: [number, names, fast, loud],
        examples: []
      ) {
        _,
        _ in .success
      },
      Command("rush", "Rushes", details: "", options: [place], examples: []) { _, _ in .success },
      Command(
        "group",
        "Groups",
        details: "",
        examples: [],
        subcommands: [Command("list", "Lists", details: "", examples: []) { _, _ in .success }]
      ),
    ]
  )

  static func parse(_ line: String, _ environment: [String: String] = [:]) throws(UsageError) -> Invocation {
    try Parser(root: root, environment: environment).parse(line.split(separator: " ").map(String.init))
  }
}

struct ParserTests {
  @Test(arguments: [
    ("run x", "3", [String](), "x", [String](), false),
    ("run -n5 x", "5", [], "x", [], false),
    ("run -n 5 x y z", "5", [], "x", ["y", "z"], false),
    ("run --number=5 x", "5", [], "x", [], false),
    ("run x --number 5 -f", "5", [], "x", [], true),
    ("run -lf x", "3", [], "x", [], true),
    ("run -fn5 x", "5", [], "x", [], true),
    ("run --name=a --name b x", "3", ["a", "b"], "x", [], false),
    ("run --name=--fast x", "3", ["--fast"], "x", [], false),
    ("run --name -x x", "3", ["-x"], "x", [], false),
    ("run --name= x", "3", [""], "x", [], false),
    ("run -- --fast -n", "3", [], "--fast", ["-n"], false),
    ("run -", "3", [], "-", [], false),
    ("--json run x", "3", [], "x", [], false),
  ]) func `options and arguments are found in every form`(
    line: String,
    number: String,
    names: [String],
    target: String,
    rest: [String],
    isFast: Bool
  ) throws {
    let invocation = try Sample.parse(line)
    #expect(invocation.path == ["root", "run"])
    #expect(invocation[Sample.number] == number)
    #expect(invocation.all(Sample.names) == names)
    #expect(invocation.required(Sample.target) == target)
    #expect(invocation.all(Sample.rest) == rest)
    #expect(invocation.has(Sample.fast) == isFast)
  }

  @Test func `a global option is read before and after the command`() throws {
    for line in ["--json group list", "group --json list", "group list --json"] {
      let invocation = try Sample.parse(line)
      #expect(invocation.path == ["root", "group", "list"])
      #expect(invocation.has(GlobalOption.json))
    }
  }

  @Test func `the command line wins over the environment, and that over the default`() throws {
    #expect(try Sample.parse("rush", ["PLACE": "here"])[Sample.place] == "here")
    #expect(try Sample.parse("rush --place there", ["PLACE": "here"])[Sample.place] == "there")
    #expect(throws: UsageError.missingOption("--place PLACE")) { try Sample.parse("rush", ["PLACE": ""]) }
  }

  @Test func `help is understood however incomplete the line is`() throws {
    for line in ["--help", "run -h", "group --help", "rush --help"] {
      #expect(try Sample.parse(line).has(GlobalOption.help))
    }
  }

  @Test(arguments: [
    ("", "root needs a command: run, rush, group"),
    ("group", "root group needs a command: list"),
    ("rnu x", "root has no command \"rnu\" (did you mean run?)"),
    ("elephant", "root has no command \"elephant\""),
    ("group lst", "root group has no command \"lst\" (did you mean list?)"),
    ("run x --numbr 5", "unknown option --numbr (did you mean --number?)"),
    ("run x --zebra", "unknown option --zebra"),
    ("run x -z", "unknown option -z"),
    ("run x --fast=yes", "--fast takes no value"),
    ("run x --number", "--number needs a value (N)"),
    ("run x -n", "-n needs a value (N)"),
    ("run x --name --fast", "--name needs a value, found the option --fast (--name=--fast if that is the value)"),
    ("run x --number 5 -n 6", "-n is given twice"),
    ("run x --number ten", "--number: expected an integer from 1 to 9, found \"ten\""),
    ("run x -n10", "-n: expected an integer from 1 to 9, found \"10\""),
    ("run", "missing argument TARGET"),
    ("rush", "missing option --place PLACE"),
    ("rush --place a b", "unexpected argument \"b\""),
  ]) func `a wrong line says what is wrong`(line: String, message: String) {
    let error = #expect(throws: UsageError.self) { try Sample.parse(line) }
    #expect(error?.description == message)
  }

  @Test(arguments: [
    (ValueKind.duration, "soon", "a duration such as 500ms, 30s, 5m, 2h or 3d"),
    (.choice("COLOR", ["red", "green"]), "gren", "one of red, green (did you mean green?)"),
    (.token("TENANT"), "Demo", "a name of lower-case letters, digits, _ and -, of at most 63 characters"),
    (.file(), "", "a file"),
    (.directory(), "", "a directory"),
  ]) func `a value of the wrong kind is told what was expected`(kind: ValueKind, text: String, expected: String) {
    #expect(kind.complaint(text) == expected)
  }

  @Test(arguments: [
    (ValueKind.pattern, "promethean.p.echo.t.demo.>", "promethean.>.x"),
    (.topic, "promethean.p.echo.t.demo.control.send", "promethean.p.echo"),
    (.json, #"{"a": [1]}"#, "{"),
    (.instant, "2026-11-21", "2026-13-21"),
    (.instant, "2h", "yesterday"),
    (.integer(in: 0...7), "7", "8"),
    (.token("P"), "a-b_c9", "-a"),
  ]) func `a kind of value takes what it is for and nothing else`(kind: ValueKind, good: String, bad: String) {
    #expect(kind.complaint(good) == nil)
    #expect(kind.complaint(bad) != nil)
  }
}
