internal import CChannel
internal import Glibc

/// What a runner is told before anything else: who the plugin is, what it was granted, and how far it may go.
///
/// The Swift form of `wire_setup` and what follows it in `wire.h`.
package struct RunnerSetup: Sendable {
  /// The extensions of the host that the plugin can obtain.
  package struct Extensions: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    private init(bit: Int32) { rawValue = 1 << UInt32(bit) }

    package static let log = Self(bit: WIRE_EXTENSION_LOG)
    package static let clock = Self(bit: WIRE_EXTENSION_CLOCK)
    package static let metrics = Self(bit: WIRE_EXTENSION_METRICS)
    package static let publish = Self(bit: WIRE_EXTENSION_PUBLISH)
    package static let subscribe = Self(bit: WIRE_EXTENSION_SUBSCRIBE)
    package static let state = Self(bit: WIRE_EXTENSION_STATE)
    package static let dial = Self(bit: WIRE_EXTENSION_DIAL)
    package static let secrets = Self(bit: WIRE_EXTENSION_SECRETS)
  }

  /// What the sandbox leaves out on purpose, because it failed before on this machine and the policy allows it.
  package struct Omissions: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let namespaces = Self(rawValue: UInt32(WIRE_SETUP_NO_NAMESPACES))
    package static let landlock = Self(rawValue: UInt32(WIRE_SETUP_NO_LANDLOCK))
  }

  /// A path that exists for the plugin.
  ///
  /// Absolute, without symbolic links.
  package struct Path: Sendable, Hashable {
    package enum Access: Sendable {
      /// A directory that shared libraries are found in.
      case libraries
      case read
      case write
    }

    package var access: Access
    package var path: String

    package init(_ access: Access, _ path: String) {
      self.access = access
      self.path = path
    }
  }

  /// The limits that the kernel keeps.
  ///
  /// The defaults carry a Swift plugin with Foundation.
  package struct Limits: Sendable {
    /// Bytes of address space: libraries and thread stacks are far more of it than of memory.
    package var addressSpace: UInt64 = 1 << 30
    /// Bytes of heap and other private memory.
    package var data: UInt64 = 256 << 20
    /// Bytes of one file.
    ///
    /// None, unless a path is granted to write to.
    package var fileSize: UInt64 = 0
    package var descriptors: UInt64 = 64
    package var threads: UInt64 = 64

    package init() {}
  }

  /// The library's file name, for messages.
  package var libraryName: String
  package var pluginID: String
  package var instanceName: String
  /// The tenant that an access instance is bound to; empty for one that serves several.
  package var provider = ""
  package var tenant = ""
  /// A JSON object.
  package var config = "{}"
  package var configRev = ""
  /// A JSON object; empty for one that serves several tenants.
  package var binding = ""
  package var extensions: Extensions = []
  package var omissions: Omissions = []
  package var paths: [Path] = []
  /// Who the plugin is to be when the host is root, 0: whoever the host is.
  package var uid: UInt32 = 0
  package var gid: UInt32 = 0
  /// How far the plugin yields to others on a busy machine.
  ///
  /// At 10 the host keeps its latency when plugins spin.
  package static let nice: Int32 = 10
  package var limits = Limits()
  /// How often the plugin is asked how it is, in milliseconds.
  package var healthInterval: UInt32 = 10_000

  package init(libraryName: String, pluginID: String, instanceName: String) {
    self.libraryName = libraryName
    self.pluginID = pluginID
    self.instanceName = instanceName
    paths = Self.libraryDirectories.map { Path(.libraries, $0) }
  }

  /// The bytes of a WIRE_SETUP message after its head.
  package func encode() -> [UInt8] {
    var head = wire_setup()
    head.protocol = UInt32(WIRE_PROTOCOL)
    head.flags = omissions.rawValue
    head.extensions = extensions.rawValue
    head.paths = UInt32(paths.count)
    head.uid = uid
    head.gid = gid
    head.nice = Self.nice
    head.health = healthInterval
    head.address_space = limits.addressSpace
    head.data = limits.data
    head.file_size = limits.fileSize
    head.descriptors = limits.descriptors
    head.threads = limits.threads
    var bytes = unsafe withUnsafeBytes(of: head) { unsafe [UInt8]($0) }
    for text in [libraryName, pluginID, instanceName, provider, tenant, config, configRev, binding] {
      bytes += text.utf8
      bytes.append(0)
    }
    // A parent is mounted before what lies within it.
    for path in paths.sorted(by: { $0.path.utf8.count < $1.path.utf8.count }) {
      bytes.append(path.access.letter)
      bytes += path.path.utf8
      bytes.append(0)
    }
    return bytes
  }
}

extension RunnerSetup.Path.Access {
  fileprivate var letter: UInt8 {
    switch self {
    case .libraries: UInt8(ascii: "l")
    case .read: UInt8(ascii: "r")
    case .write: UInt8(ascii: "w")
    }
  }
}
