internal import Glibc

extension RunnerSetup {
  /// Where shared libraries are: the system's directory, and the one that this process has its Swift runtime from.
  package static let libraryDirectories: [String] = {
    let system = "/usr/lib/x86_64-linux-gnu"
    guard let swift = directory(ofMapped: "libswiftCore.so"), swift != system else { return [system] }
    return [system, swift]
  }()

  /// The directory from which a library of that file name is mapped into this process, `nil` if none is.
  ///
  /// The kernel names a mapped file by its resolved path, so the answer holds no symbolic links.
  package static func directory(ofMapped library: String) -> String? {
    guard let maps = unsafe fopen("/proc/self/maps", "re") else { return nil }
    defer { unsafe fclose(maps) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { unsafe free(line) }
    while unsafe getline(&line, &capacity, maps) > 0 {
      guard let text = unsafe line.map({ unsafe String(cString: $0) }), let slash = text.firstIndex(of: "/") else {
        continue
      }
      let path = text[slash...].dropLast()
      if path.hasSuffix("/\(library)") { return String(path.dropLast(library.utf8.count + 1)) }
    }
    return nil
  }
}
