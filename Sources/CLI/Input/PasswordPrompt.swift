internal import CLinux
internal import Glibc
internal import Signing

/// A password from the terminal, unseen, or from the first line of any other standard input.
struct PasswordPrompt {
  /// The longest password, in bytes.
  private static let sizeMax = 1024
  /// What Ctrl-C types.
  private static let interrupt: UInt8 = 3

  let input: Int32
  let console: Console

  /// Asks for a password that was set before.
  func ask(_ what: String) throws(CommandError) -> SecretBytes {
    let password = try read("Password of \(what): ")
    guard password.count > 0 else {
      throw .failed("no password was given; where nobody can type it is the first line of standard input")
    }
    return password
  }

  /// Asks for a new password, and at a terminal for the same one again.
  func askForNew(_ what: String) throws(CommandError) -> SecretBytes {
    let password = try read("New password of \(what): ")
    guard password.count > 0 else { throw .failed("the password is empty; --no-password makes a key without one") }
    if isatty(input) == 1, try !read("The same again: ").isEqual(password) {
      throw .failed("the passwords are not the same")
    }
    return password
  }

  private func read(_ prompt: String) throws(CommandError) -> SecretBytes {
    guard isatty(input) == 1 else { return try line() }
    var before = termios()
    guard unsafe tcgetattr(input, &before) == 0 else {
      throw .failed("cannot hide what is typed: \(systemMessage(errno))")
    }
    var silent = before
    // Ctrl-C ends the line instead of the program, which would leave a terminal that shows nothing.
    silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
    unsafe withUnsafeMutableBytes(of: &silent.c_cc) { unsafe $0[Int(VEOL)] = Self.interrupt }
    // What was typed ahead was seen, and is forgotten.
    guard unsafe tcsetattr(input, TCSAFLUSH, &silent) == 0 else {
      throw .failed("cannot hide what is typed: \(systemMessage(errno))")
    }
    defer {
      _ = unsafe tcsetattr(input, TCSAFLUSH, &before)
      console.remark("")
    }
    console.prompt(prompt)
    return try line(interrupt: Self.interrupt)
  }

  /// Reads up to the end of a line, and nothing beyond it.
  ///
  /// - Parameter interrupt: What gives up instead.
  /// - Returns: The line without its end.
  /// - Throws: When it cannot be read, is too long, or was given up.
  private func line(interrupt: UInt8? = nil) throws(CommandError) -> SecretBytes {
    let bytes = SecretBytes(count: Self.sizeMax + 1)
    var filled = 0
    while filled < bytes.count {
      let count = unsafe bytes.withBytes { unsafe Glibc.read(input, $0.baseAddress.map { unsafe $0 + filled }, 1) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .failed("cannot read the password: \(systemMessage(errno))") }
      let byte = unsafe count == 0 ? UInt8(ascii: "\n") : bytes.withBytes { unsafe $0[filled] }
      if byte == interrupt { throw .failed("no password was given") }
      if byte == UInt8(ascii: "\n") { return bytes.slice(0..<filled) }
      filled += 1
    }
    throw .failed("the password has more than \(Self.sizeMax) bytes")
  }
}
