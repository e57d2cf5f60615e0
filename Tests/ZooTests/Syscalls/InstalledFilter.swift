internal import Foundation
internal import RunnerSupport
internal import Testing

/// A filter as the kernel runs it in some process, and a machine to ask it.
struct InstalledFilter {
  /// One instruction of classic BPF.
  struct Instruction {
    let code: UInt32
    let ifTrue: Int
    let ifFalse: Int
    let value: UInt32
  }

  /// What the kernel hands a filter.
  struct Call {
    var number: UInt32
    var architecture = InstalledFilter.x86_64
    var arguments: [UInt64] = [0, 0, 0, 0, 0, 0]
  }

  /// What becomes of a call.
  enum Answer: Hashable {
    case allowed
    case error(UInt32)
    case killed
    case other(UInt32)
  }

  static let x86_64: UInt32 = 0xc000_003e
  static let i386: UInt32 = 0x4000_0003
  static let aarch64: UInt32 = 0xc000_00b7

  let code: [Instruction]

  /// The numbers that it compares with: where its answers may change.
  var constants: [UInt64] { Array(Set(code.map { UInt64($0.value) })).sorted() }

  /// Reads back all filters of a process.
  ///
  /// Needs root, and to be under no filter itself.
  static func all(in process: Int32) throws -> [Self] {
    let tool = try Fixture.program("filter", ["\(Fixture.tests)/ZooTests/Tools/filter.c"])
    let reader = Process()
    let output = Pipe()
    reader.executableURL = URL(fileURLWithPath: tool.path)
    reader.arguments = [String(process)]
    reader.standardOutput = output
    try reader.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    reader.waitUntilExit()
    try #require(reader.terminationStatus == 0, "\(text)")
    return text.split(separator: "--\n").map { filter in
      Self(code: filter.split(separator: "\n").map(Instruction.init))
    }
  }

  func answer(to call: Call) -> Answer {
    var accumulator: UInt32 = 0
    var index = 0
    while index < code.count {
      let instruction = code[index]
      index += 1
      switch instruction.code {
      case 0x20: accumulator = call.word(at: instruction.value)
      case 0x54: accumulator &= instruction.value
      case 0x15: index += accumulator == instruction.value ? instruction.ifTrue : instruction.ifFalse
      case 0x35: index += accumulator >= instruction.value ? instruction.ifTrue : instruction.ifFalse
      case 0x06: return Answer(instruction.value)
      default: return .other(instruction.code)
      }
    }
    return .other(0)
  }
}

extension InstalledFilter.Instruction {
  fileprivate init(_ line: Substring) {
    let numbers = line.split(separator: " ").map { UInt32($0) ?? 0 }
    self.init(code: numbers[0], ifTrue: Int(numbers[1]), ifFalse: Int(numbers[2]), value: numbers[3])
  }
}

extension InstalledFilter.Call {
  /// A word of `struct seccomp_data`: number, architecture, the instruction's address, arguments, low halves first.
  fileprivate func word(at offset: UInt32) -> UInt32 {
    switch offset {
    case 0: return number
    case 4: return architecture
    case 8, 12: return 0
    default:
      let argument = arguments[Int(offset - 16) / 8]
      return UInt32(truncatingIfNeeded: offset % 8 == 0 ? argument : argument >> 32)
    }
  }
}

extension InstalledFilter.Answer {
  fileprivate init(_ action: UInt32) {
    switch action & 0xffff_0000 {
    case 0x7fff_0000: self = .allowed
    case 0x0005_0000: self = .error(action & 0xffff)
    case 0x8000_0000: self = .killed
    default: self = .other(action)
    }
  }
}
