import Glibc

/// What libFuzzer calls for each input; `FUZZER` in the environment says which fuzzer it is.
@c(LLVMFuzzerTestOneInput)
public func tryInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  do { try fuzzer.run(unsafe Array(UnsafeBufferPointer(start: data, count: size))) } catch {
    fatalError("\(error)")
  }
  return 0
}

private let fuzzer: Fuzzer = {
  let name = unsafe getenv("FUZZER").map { unsafe String(cString: $0) } ?? ""
  guard let fuzzer = Fuzzer(rawValue: name) else {
    fatalError("FUZZER is \"\(name)\", expected one of \(Fuzzer.allCases.map(\.rawValue))")
  }
  return fuzzer
}()
