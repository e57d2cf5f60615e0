import Foundation
import Glibc
import Signing
import Testing

@testable import CLI

/// A password that is typed at a terminal, played by a pair of pseudo-terminals.
struct PasswordTests {
  /// TIOCSPTLCK and TIOCGPTPEER, macros that Swift does not see.
  private static let (setLock, openPeer): (UInt, UInt) = (0x4004_5431, 0x5441)

  private let directory = TemporaryDirectory()
  private var key: String { directory.path + "/a" }
  private var isMade: Bool { ["key", "pub"].contains { FileManager.default.fileExists(atPath: "\(key).\($0)") } }

  /// What is typed at each question, in order, and what the terminal and the command then showed.
  private func type(_ answers: [String], _ words: [String]) throws -> (
    code: ExitCode, shown: String, asked: String
  ) {
    let keyboard = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var lock: Int32 = 0
    let isUnlocked = unsafe ioctl(keyboard, Self.setLock, &lock) == 0
    try #require(isUnlocked)
    let terminal = ioctl(keyboard, Self.openPeer, O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(terminal >= 0)
    let (questions, results) = (Pipe(), Pipe())
    defer {
      close(keyboard)
      close(terminal)
    }
    // A question is asked when the terminal hides what is typed, so an answer is typed after it.
    let (log, isOver) = (
      FileHandle(fileDescriptor: directory.open("asked"), closeOnDealloc: true), DispatchSemaphore(value: 0)
    )
    Thread.detachNewThread {
      var left = answers
      while true {
        let piece = questions.fileHandleForReading.availableData
        if piece.isEmpty { break }
        log.write(piece)
        if piece.suffix(2) == Data(": ".utf8) {
          // A question too many is given up, so that nobody waits.
          let answer = left.isEmpty ? "\u{3}" : left.removeFirst()
          _ = unsafe write(keyboard, answer, answer.utf8.count)
        }
      }
      isOver.signal()
    }
    let program = Program(
      environment: [:],
      input: terminal,
      output: results.fileHandleForWriting.fileDescriptor,
      errors: questions.fileHandleForWriting.fileDescriptor
    )
    let code = program.run(words)
    try questions.fileHandleForWriting.close()
    isOver.wait()
    let asked = try String(contentsOfFile: directory.path + "/asked", encoding: .utf8)
    var attributes = termios()
    #expect(unsafe tcgetattr(terminal, &attributes) == 0)
    #expect(attributes.c_lflag & tcflag_t(ECHO) != 0, "the terminal shows again what is typed")
    _ = fcntl(keyboard, F_SETFL, O_NONBLOCK)
    var shown = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(keyboard, &shown, shown.count)
    return (code, String(decoding: shown.prefix(max(count, 0)), as: UTF8.self), asked)
  }

  @Test func `a new password is typed twice, and shown by nobody`() throws {
    let run = try type(["correct horse\n", "correct horse\n"], ["keys", "generate", "-o", key])
    #expect(run.code == .success)
    #expect(run.asked == "New password of \(key).key: \nThe same again: \n")
    #expect(!run.shown.contains("horse"))
    let password = SecretBytes(copying: Array("correct horse".utf8))
    #expect(throws: Never.self) { try SecretKeyFile(path: key + ".key").unlock(password) }
  }

  @Test func `two that differ make no key`() throws {
    let run = try type(
      ["correct horse\n", "correct house\n"],
      ["keys", "generate", "-o", key]
    )
    #expect(run.code == .failure)
    #expect(run.asked.hasSuffix("promethean: the passwords are not the same\n"))
    #expect(!isMade)
  }

  @Test func `Ctrl-C gives up, and leaves the terminal as it was`() throws {
    let run = try type(["correct\u{3}"], ["keys", "generate", "-o", key])
    #expect(run.code == .failure)
    #expect(run.asked.hasSuffix("promethean: no password was given\n"))
    #expect(!isMade)
  }
}
