package import Envelope
internal import Glibc

/// Looks through all files of a deployment for what is to be gone, byte by byte, whatever wrote them.
package struct ErasureProof: Sendable {
  /// Where something is still found.
  package struct Finding: Sendable, Hashable {
    /// The file, from `var` on.
    package let path: String
    /// `id`, `urn` or `text`.
    package let kind: String
    package var count: Int

    /// For whoever asked.
    package var json: JSON { ["path": .string(path), "kind": .string(kind), "count": .int(Int64(count))] }
  }

  /// What was looked through, and what was found.
  package struct Result: Sendable {
    package var findings: [Finding] = []
    package var files = 0
    package var bytes: Int64 = 0
    /// Files that could not be read, from `var` on.
    package var unread: [String] = []
  }

  /// Bytes that are read at once.
  private static let chunk = 1 << 20
  /// What holds nothing of anybody's, libraries under their digests; and what is kept for a second run, and goes with it.
  private static let leftOut: Set<String> = ["store", ErasureNotes.directory]

  private let needles: Needles
  private var result = Result()

  /// Looks through a directory, such as `var`, and all below it.
  package static func search(_ directory: String, for needles: Needles) -> Result {
    var proof = ErasureProof(needles: needles)
    for name in Directory.names(in: directory) where !leftOut.contains(name) {
      proof.search("\(directory)/\(name)", name: "var/\(name)")
    }
    proof.result.findings.sort { ($0.path, $0.kind) < ($1.path, $1.kind) }
    return proof.result
  }

  private init(needles: Needles) {
    self.needles = needles
  }

  private mutating func search(_ path: String, name: String) {
    var status = stat()
    // One that is gone by now holds nothing.
    guard unsafe lstat(path, &status) == 0 else {
      if errno != ENOENT { result.unread.append(name) }
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      guard let children = Directory.namesIfReadable(in: path) else {
        result.unread.append(name)
        return
      }
      for child in children { search("\(path)/\(child)", name: "\(name)/\(child)") }
    case S_IFREG: searchFile(path, name)
    // A link leads to what is found where it lies, or is not of this deployment; a socket holds nothing.
    default: break
    }
  }

  private mutating func searchFile(_ path: String, _ name: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      result.unread.append(name)
      return
    }
    defer { close(descriptor) }
    result.files += 1
    var counts: [String: Int] = [:]
    // What begins in one piece may end in the next, and whether it is a word shows one byte beside it.
    let overlap = needles.lengthMax + 1
    var bytes = [UInt8](repeating: 0, count: Self.chunk + 2 * overlap)
    var (kept, isFirst) = (0, true)
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress.map { unsafe $0 + kept }, Self.chunk)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        result.unread.append(name)
        break
      }
      let end = kept + count
      let isLast = count == 0
      // What begins in the overlap is looked at with the next piece; what was is not counted again.
      let (from, to) = (isFirst ? 0 : 1, isLast ? end : max(0, end - overlap))
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe needles.search(UnsafeRawBufferPointer(rebasing: bytes[..<end])) { needle, offset in
          if offset >= from, offset < to { counts[needle.kind, default: 0] += 1 }
          return true
        }
      }
      result.bytes += Int64(count)
      guard !isLast else { break }
      let start = max(0, to - 1)
      if to > 0 {
        bytes.replaceSubrange(0..<(end - start), with: Array(bytes[start..<end]))
        (kept, isFirst) = (end - start, false)
      } else {
        kept = end
      }
    }
    for (kind, count) in counts { result.findings.append(Finding(path: name, kind: kind, count: count)) }
  }
}
