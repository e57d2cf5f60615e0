/// A page of metrics, read again by another reading of the format than the one that wrote it.
struct ExposedPage {
  struct Sample: Hashable {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  struct Family {
    let name: String
    let help: String
    var kind = ""
    var samples: [Sample] = []
  }

  private(set) var families: [Family] = []
  /// Lines that could not be read, or that stand where they must not.
  private(set) var problems: [String] = []

  init(_ text: String) {
    if !text.isEmpty, !text.hasSuffix("\n") { problems.append("no end of line at the end") }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if line.hasPrefix("# HELP ") {
        let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
        families.append(Family(name: String(words[0]), help: words.count > 1 ? String(words[1]) : ""))
      } else if line.hasPrefix("# TYPE "), let family = families.last, line.hasPrefix("# TYPE \(family.name) ") {
        families[families.count - 1].kind = String(line.dropFirst("# TYPE \(family.name) ".count))
      } else if let sample = Self.sample(line), let family = families.last, Self.belongs(sample, to: family) {
        families[families.count - 1].samples.append(sample)
      } else {
        problems.append(String(line))
      }
    }
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    families.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
  }

  private static func belongs(_ sample: Sample, to family: Family) -> Bool {
    guard family.kind == "histogram" else { return sample.name == family.name }
    return ["_bucket", "_sum", "_count"].contains { sample.name == family.name + $0 }
  }

  private static func sample(_ line: Substring) -> Sample? {
    var rest = line
    let name = rest.prefix { $0 != "{" && $0 != " " }
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while rest.first != "}" {
        let label = rest.prefix { $0 != "=" }
        rest = rest.dropFirst(label.count + 2)
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
          guard character == "\\" else {
            value.append(character)
            continue
          }
          guard let escaped = rest.popFirst(), let plain = ["n": "\n", "\\": "\\", "\"": "\""][escaped] as Character?
          else {
            return nil
          }
          value.append(plain)
        }
        guard labels.updateValue(value, forKey: String(label)) == nil, let next = rest.first else { return nil }
        if next == "," { rest = rest.dropFirst() }
      }
      rest = rest.dropFirst()
    }
    guard rest.popFirst() == " ", let value = Double(rest == "+Inf" ? "inf" : rest) else { return nil }
    return Sample(name: String(name), labels: labels, value: value)
  }
}
