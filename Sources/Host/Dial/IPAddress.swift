internal import CLinux
internal import Glibc

/// An IP address, and whether it is one that anybody may be reached at.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes, the most significant first.
  package let bytes: [UInt8]

  /// Makes an address of 4 or 16 bytes.
  init(bytes: [UInt8]) {
    precondition(bytes.count == 4 || bytes.count == 16, "\(bytes.count) bytes are no address")
    self.bytes = bytes
  }

  /// Reads an address as it is usually written: `192.0.2.1`, `2001:db8::1`.
  package init?(_ text: String) {
    var found = [UInt8](repeating: 0, count: 16)
    if unsafe inet_pton(AF_INET, text, &found) == 1 {
      bytes = Array(found.prefix(4))
    } else if unsafe inet_pton(AF_INET6, text, &found) == 1 {
      bytes = found
    } else {
      return nil
    }
  }

  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "\(bytes)" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether the address is one of the public network: neither of this machine, nor of its network, nor of many.
  ///
  /// After the IANA special-purpose address registries (RFC 6890); for IPv6 only global unicast (2000::/3) is public, so
  /// mapped, unique local, link-local and multicast addresses are not.
  package var isPublic: Bool {
    if bytes.count == 4 { return !Self.special.contains { $0.contains(bytes) } }
    // Made of an IPv4 address by a gateway of the network's own (RFC 6052), it is as public as that is.
    if Self.translated.contains(bytes) { return IPAddress(bytes: Array(bytes.suffix(4))).isPublic }
    return Self.globalUnicast.contains(bytes) && !Self.special6.contains { $0.contains(bytes) }
  }

  /// Addresses that begin with the same bits.
  private struct Block {
    let prefix: [UInt8]
    let bits: Int

    init(_ prefix: [UInt8], _ bits: Int) {
      self.prefix = prefix
      self.bits = bits
    }

    func contains(_ bytes: [UInt8]) -> Bool {
      (0..<bits).allSatisfy { bit in
        let mask = UInt8(0x80) >> UInt8(bit % 8)
        let wanted = bit / 8 < prefix.count ? prefix[bit / 8] : 0
        return bytes[bit / 8] & mask == wanted & mask
      }
    }
  }

  private static let special = [
    Block([0], 8),  // this network
    Block([10], 8),  // private
    Block([100, 64], 10),  // shared by a carrier's customers
    Block([127], 8),  // loopback
    Block([169, 254], 16),  // link-local, and the metadata of clouds
    Block([172, 16], 12),  // private
    Block([192, 0, 0], 24),  // protocol assignments
    Block([192, 0, 2], 24),  // documentation
    Block([192, 88, 99], 24),  // relays that are no more
    Block([192, 168], 16),  // private
    Block([198, 18], 15),  // benchmarks
    Block([198, 51, 100], 24),  // documentation
    Block([203, 0, 113], 24),  // documentation
    Block([224], 4),  // multicast
    Block([240], 4),  // reserved, and broadcast
  ]

  private static let globalUnicast = Block([0x20], 3)
  private static let translated = Block([0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96)
  private static let special6 = [
    Block([0x20, 0x01, 0x00], 23),  // protocol assignments, Teredo among them
    Block([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
    Block([0x20, 0x02], 16),  // 6to4, which holds any IPv4 address
    Block([0x3f, 0xff], 20),  // documentation
  ]
}

extension IPAddress {
  init?(_ address: linux_address) {
    guard address.length == 4 || address.length == 16 else { return nil }
    bytes = unsafe withUnsafeBytes(of: address.bytes) { unsafe Array($0.prefix(Int(address.length))) }
  }

  /// The address as C has it.
  var linux: linux_address {
    var address = linux_address()
    address.length = Int32(bytes.count)
    unsafe withUnsafeMutableBytes(of: &address.bytes) { unsafe $0.copyBytes(from: bytes) }
    return address
  }
}
