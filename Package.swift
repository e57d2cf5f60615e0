// swift-tools-version: 6.3

import PackageDescription

/// What every Swift target in this package is built with.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// What the targets are built with that end up in plugins: they do without regular expressions, two libraries that cost
/// each process a quarter of a megabyte and its start some of its time.
let smallSettings: [SwiftSetting] =
  settings + [.unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])]

/// What every C target is built with.
let cSettings: [CSetting] = [
  .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-Wno-gnu-zero-variadic-macro-arguments"]),
  .define("_GNU_SOURCE"),
]

/// What every C++ target is built with: always optimised, since what it computes takes tests minutes otherwise, and seen
/// by nothing outside of the library it ends up in.
let cxxSettings: [CXXSetting] = [
  .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O3", "-fvisibility=hidden", "-fvisibility-inlines-hidden"])
]

/// How a plugin's library is linked: one exported symbol, never unmapped, and in a release no symbol left to find.
///
/// A debug build may leave symbols open because the sanitizers' own live in the executable.
let pluginLinking: [LinkerSetting] = [
  .unsafeFlags([
    "-Xlinker", "--version-script=\(Context.packageDirectory)/Plugins/exports.map",
    "-Xlinker", "-z", "-Xlinker", "nodelete",
  ]),
  .unsafeFlags(["-Xlinker", "-z", "-Xlinker", "defs"], .when(configuration: .release)),
]

/// How the runner is linked: against the C library alone, since a Swift runtime's constructors would run before the
/// sandbox, and with its symbols exported, since it stands in for `open` (see Sources/Runner/dispatch_stat.c).
///
/// The driver names Swift's libraries ahead of any flag of ours, so the linker is called through a script that begins
/// with --as-needed.
let runnerLinking: [LinkerSetting] = [
  .unsafeFlags([
    "-static-stdlib", "-nostartfiles",
    "-Xclang-linker", "--ld-path=\(Context.packageDirectory)/scripts/ld-as-needed",
    "-Xlinker", "--export-dynamic",
  ])
]

/// A plugin: its logic in `Plugins/<Name>`, its exported entry in `Entry`, and its manifest, as an ELF note, from
/// `Note`.
///
/// Tests link the logic alone, since two entries in one test bundle are one symbol defined twice.
func plugin(
  _ name: String,
  _ dependencies: [Target.Dependency] = [],
  testing: [Target.Dependency] = [],
  hasGolden: Bool = false
) -> [Target] {
  pluginLibrary(name, dependencies, path: "Plugins/\(name)") + [
    .testTarget(
      name: "\(name)Tests",
      dependencies: ["PluginKit", "Envelope", "TestSupport", .byName(name: name)] + testing,
      // What goes in and exactly what comes out, where the plugin is one of envelopes alone.
      exclude: hasGolden ? ["Golden"] : [],
      swiftSettings: settings
    )
  ]
}

/// What a plugin's library is made of.
func pluginLibrary(_ name: String, _ dependencies: [Target.Dependency] = [], path: String) -> [Target] {
  [
    .target(
      name: name,
      dependencies: ["PluginKit", "Envelope"] + dependencies,
      path: path,
      exclude: ["Entry", "Note", "plugin.yml"],
      swiftSettings: smallSettings
    ),
    .target(
      name: "\(name)Note",
      dependencies: ["PluginABI"],
      path: "\(path)/Note",
      publicHeadersPath: ".",
      cSettings: cSettings
    ),
    .target(
      name: "\(name)Entry",
      dependencies: ["PluginABI", "PluginKit", .byName(name: name), .byName(name: "\(name)Note")],
      path: "\(path)/Entry",
      swiftSettings: smallSettings,
      linkerSettings: pluginLinking
    ),
  ]
}

/// How a plugin in C is linked: as others are, and without the Swift runtime that the driver would add.
let plainPluginLinking =
  pluginLinking + [
    .unsafeFlags(["-Xclang-linker", "--ld-path=\(Context.packageDirectory)/scripts/ld-as-needed"])
  ]

/// A plugin of the benchmark's, in C: source, manifest and its note in `Benchmarks/Plugins/<Name>`.
func benchPlugin(_ name: String) -> Target {
  .target(
    name: "Bench\(name)",
    dependencies: ["PluginABI"],
    path: "Benchmarks/Plugins/\(name)",
    exclude: ["plugin.yml"],
    publicHeadersPath: ".",
    cSettings: cSettings + [.unsafeFlags(["-fvisibility=hidden"])],
    linkerSettings: plainPluginLinking
  )
}

/// A C library of Debian's.
func library(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func swift(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: smallSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: dependencies + ["TestSupport"],
    exclude: exclude,
    swiftSettings: settings
  )
}

/// What fuzzers try, and the tests that go through the inputs that are kept; with `PROMETHEAN_FUZZ` in the environment
/// the program that libFuzzer drives, of the same sources.
///
/// `make fuzz` builds it, with flags that nothing else is built with.
func fuzzers() -> [Target] {
  let (path, dependencies): (String, [Target.Dependency]) = (
    "Tests/Fuzz",
    [
      "CChannel", "CEnvelope", "Channel", "Compression", "Envelope", "FileType", "FuzzRunner", "Host", "Locking",
      "Picture", "PluginABI", "ProviderKit", "Reddit", "Signing", "TestSupport", "Transformer", "VectorIndex",
      "WebSocket", "WordPiece", "YAML",
    ]
  )
  let isForFuzzing = Context.environment["PROMETHEAN_FUZZ"] != nil
  return [
    // The runner's own files, with stand-ins around them; see there.
    .target(
      name: "FuzzRunner",
      dependencies: ["PluginABI", "CEnvelope", "CChannel", "Sandbox"],
      path: "Tests/Fuzz/Runner",
      cSettings: cSettings + [.headerSearchPath("../../../Sources/Runner")]
    ),
    isForFuzzing
      ? .executableTarget(
        name: "Fuzz",
        dependencies: dependencies,
        path: path,
        exclude: ["Corpus", "FuzzTests.swift", "Runner"],
        swiftSettings: settings
      )
      : .testTarget(
        name: "FuzzTests",
        dependencies: dependencies,
        path: path,
        exclude: ["Corpus", "Entry", "Runner"],
        swiftSettings: settings
      ),
  ]
}

let package = Package(
  name: "promethean",
  products: [
    .executable(name: "promethean", targets: ["CLI"]),
    .executable(name: "promethean-runner", targets: ["Runner"]),
    .executable(name: "promethean-bench", targets: ["Bench"]),
    .library(name: "PluginKit", targets: ["PluginKit", "Envelope"]),
    .library(name: "ProviderKit", targets: ["ProviderKit"]),
    .library(name: "Echo", type: .dynamic, targets: ["EchoEntry"]),
    .library(name: "Storage", type: .dynamic, targets: ["StorageEntry"]),
    .library(name: "MessageIndexer", type: .dynamic, targets: ["MessageIndexerEntry"]),
    .library(name: "MessageEmbedder", type: .dynamic, targets: ["MessageEmbedderEntry"]),
    .library(name: "Search", type: .dynamic, targets: ["SearchEntry"]),
    .library(name: "AttachmentIndexer", type: .dynamic, targets: ["AttachmentIndexerEntry"]),
    .library(name: "AttachmentEmbedder", type: .dynamic, targets: ["AttachmentEmbedderEntry"]),
    .library(name: "Fetch", type: .dynamic, targets: ["FetchEntry"]),
    .library(name: "Embedder", type: .dynamic, targets: ["EmbedderEntry"]),
    .library(name: "Discord", type: .dynamic, targets: ["DiscordEntry"]),
    .library(name: "Reddit", type: .dynamic, targets: ["RedditEntry"]),
    .library(name: "OpenAI", type: .dynamic, targets: ["OpenAIEntry"]),
    // A worker that fetches what it is told to, for tests.
    .library(name: "FetchProbe", type: .dynamic, targets: ["FetchProbeEntry"]),
    // A worker that answers wherever it is spoken to, for tests.
    .library(name: "Replier", type: .dynamic, targets: ["ReplierEntry"]),
    .library(name: "BenchSource", type: .dynamic, targets: ["BenchSource"]),
    .library(name: "BenchSink", type: .dynamic, targets: ["BenchSink"]),
    .library(name: "BenchHostile", type: .dynamic, targets: ["BenchHostile"]),
    .library(name: "BenchKeeper", type: .dynamic, targets: ["BenchKeeper"]),
  ],
  targets: [
    library("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
    library("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
    library("CSodium", pkgConfig: "libsodium", package: "libsodium-dev"),
    library("CCURL", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
    library("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    library("CZstd", pkgConfig: "libzstd", package: "libzstd-dev"),
    library("CMicrohttpd", pkgConfig: "libmicrohttpd", package: "libmicrohttpd-dev"),
    library("CPNG", pkgConfig: "libpng16", package: "libpng-dev"),
    library("CJPEG", pkgConfig: "libjpeg", package: "libjpeg62-turbo-dev"),
    library("CWebP", pkgConfig: "libwebp", package: "libwebp-dev"),

    .target(name: "PluginABI", cSettings: cSettings),
    .target(name: "CEnvelope", cSettings: cSettings),
    .target(name: "CChannel", cSettings: cSettings),
    .target(name: "CLinux", cSettings: cSettings),
    .target(name: "CRaceDetector", cSettings: cSettings),
    // hnswlib behind functions of C; Debian has it as headers alone (libhnswlib-dev).
    .target(name: "CHNSW", cxxSettings: cxxSettings),
    .target(name: "Sandbox", cSettings: cSettings),
    .executableTarget(
      name: "Runner",
      dependencies: ["PluginABI", "CEnvelope", "CChannel", "CLinux", "Sandbox"],
      cSettings: cSettings,
      linkerSettings: runnerLinking
    ),

    swift("Locking", ["CRaceDetector"]),
    swift("Envelope", ["CEnvelope"]),
    swift("PluginKit", ["PluginABI", "Envelope", "Locking"]),
    swift("Channel", ["CChannel", "CLinux"]),
    swift("YAML", ["CYAML"]),
    swift("SQLite", ["CSQLite"]),
    swift("CURL", ["CCURL", "CLinux", "Locking"]),
    swift("Signing", ["CSodium"]),
    swift("VectorIndex", ["CHNSW"]),
    // What a file is by its first bytes.
    swift("FileType"),
    // Pictures as small rasters. It is optimised in every build: what it does is done for each of their pixels.
    .target(
      name: "CPicture",
      dependencies: ["CPNG", "CJPEG", "CWebP"],
      cSettings: cSettings + [.unsafeFlags(["-O3"])]
    ),
    swift("Picture", ["CPicture", "FileType"]),
    swift("WebSocket"),
    // What access plugins of any provider are made of.
    swift("ProviderKit", ["CSodium", "CURL", "Envelope", "PluginKit"]),
    // What workers that have vectors made are made of.
    swift("VectorKit", ["Envelope", "PluginKit"]),
    swift("Compression", ["CZlib", "CZstd"]),
    // What numbers texts for models, and models that make vectors of the numbers. Its loops are optimised in every
    // build: without that a text takes a second.
    swift("WordPiece"),
    .target(name: "CTransformer", cSettings: cSettings + [.unsafeFlags(["-O3"])]),
    swift("Transformer", ["CSodium", "CTransformer", "Envelope"]),
    .target(
      name: "Host",
      dependencies: [
        "CChannel", "CEnvelope", "CLinux", "CMicrohttpd", "CSodium", "Channel", "Envelope", "Locking", "PluginABI",
        "SQLite", "Signing", "YAML",
      ],
      // Overlapping accesses are looked for in debug builds, which all tests run; in a release that was a fifth of what
      // routing costs.
      swiftSettings: settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
    ),
    .executableTarget(name: "CLI", dependencies: ["CLinux", "Envelope", "Host", "Signing"], swiftSettings: settings),

    benchPlugin("Source"),
    benchPlugin("Sink"),
    benchPlugin("Hostile"),
    benchPlugin("Keeper"),
    .target(name: "BenchProbe", dependencies: ["CChannel"], path: "Benchmarks/Probe", cSettings: cSettings),
    .target(name: "BenchNATS", path: "Benchmarks/NATS", cSettings: cSettings),
    .executableTarget(
      name: "Bench",
      dependencies: [
        "BenchNATS", "BenchProbe", "CChannel", "CLinux", "Envelope", "Host", "PluginABI", "SQLite", "Transformer",
        "VectorIndex",
      ],
      path: "Benchmarks/Bench",
      swiftSettings: settings
    ),

    .target(
      name: "TestSupport",
      dependencies: ["CLinux", "Envelope", "Locking", "PluginKit", "PluginABI", "SandboxConnect"],
      path: "Tests/TestSupport",
      swiftSettings: settings
    ),
    // What tests of access plugins have in common.
    .target(
      name: "ProviderSupport",
      dependencies: ["Envelope", "PluginKit", "ProviderKit"],
      path: "Tests/ProviderSupport",
      swiftSettings: settings
    ),
    // Pictures for tests, drawn and encoded.
    .target(
      name: "PictureEncoder",
      dependencies: ["CPNG", "CJPEG", "CWebP"],
      path: "Tests/PictureSupport/Encoder",
      cSettings: cSettings
    ),
    .target(
      name: "PictureSupport",
      dependencies: ["PictureEncoder"],
      path: "Tests/PictureSupport",
      exclude: ["Encoder"],
      swiftSettings: settings
    ),
    // Tenants who have all in common but a word, and what each may be answered.
    .target(
      name: "TenantSupport",
      dependencies: ["Envelope", "PluginKit", "TestSupport"],
      path: "Tests/TenantSupport",
      swiftSettings: settings
    ),
    .target(name: "SandboxConnect", path: "Tests/SandboxConnect", cSettings: cSettings),
    // Programs that tests start, to kill them.
    .executableTarget(
      name: "JournalWriter",
      dependencies: ["Envelope", "Host", "Locking"],
      path: "Tests/Fixtures/JournalWriter",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "DeploymentApplier",
      dependencies: ["Host", "Locking"],
      path: "Tests/Fixtures/DeploymentApplier",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "HostKiller",
      dependencies: ["Host", "Locking"],
      path: "Tests/Fixtures/HostKiller",
      swiftSettings: settings
    ),
    tests("Envelope", ["Envelope", "CEnvelope"]),
    tests("PluginKit", ["Envelope", "FetchProbe", "Locking", "PluginABI", "PluginKit"]),
    tests("Channel", ["Channel", "CChannel"]),
    // Drives one runner as the host does, with plugins that are compiled on the way.
    .target(
      name: "RunnerSupport",
      dependencies: ["CChannel", "Channel", "Envelope", "Host", "Locking", "TestSupport"],
      path: "Tests/RunnerSupport",
      exclude: ["Fixtures"],
      swiftSettings: settings
    ),
    tests(
      "Runner",
      ["CChannel", "CEnvelope", "CLinux", "Channel", "Envelope", "Host", "PluginABI", "RunnerSupport"],
      exclude: ["Fixtures"]
    ),
    tests(
      "Zoo",
      ["CChannel", "CLinux", "Channel", "Host", "RunnerSupport", "Sandbox"],
      exclude: ["Animals", "Tools"]
    ),
    tests("Library", ["CURL", "Locking", "SQLite", "YAML"]),
    tests("Signing", ["Signing"]),
    tests("VectorIndex", ["VectorIndex"]),
    tests("WebSocket", ["WebSocket"]),
    tests("Picture", ["Picture", "PictureSupport"]),
    tests("Compression", ["Compression", "CZlib", "CZstd"]),
    tests("WordPiece", ["WordPiece"]),
    tests("Transformer", ["Transformer", "WordPiece"]),
    tests(
      "Host",
      ["CChannel", "CLinux", "Channel", "Envelope", "Host", "Locking", "PluginABI", "SQLite", "Signing", "YAML"]
    ),
    tests("CLI", ["CLI", "Host", "Envelope", "Signing"]),
    tests(
      "EndToEnd",
      [
        "CLinux", "Envelope", "FetchProbe", "Host", "Locking", "PictureSupport", "PluginABI", "PluginKit", "Signing",
        "TenantSupport",
      ],
      exclude: ["Fixtures", "Golden"]
    ),
  ] + plugin("Echo", hasGolden: true) + plugin("Storage", ["SQLite", "VectorIndex"], testing: ["TenantSupport"])
    + plugin("Fetch", ["CLinux", "CURL"])
    + plugin("MessageIndexer", hasGolden: true) + plugin("MessageEmbedder", ["VectorKit"]) + plugin("Search")
    + plugin("AttachmentEmbedder", ["VectorKit"])
    + plugin("AttachmentIndexer", ["FileType"], testing: ["FileType", "Locking", "PluginABI"], hasGolden: true)
    + plugin(
      "Embedder",
      ["CLinux", "FileType", "Locking", "Picture", "Transformer", "WordPiece"],
      testing: ["Locking", "Picture", "PictureSupport", "Transformer"]
    )
    + plugin(
      "Discord",
      ["CLinux", "Compression", "CURL", "Locking", "ProviderKit", "WebSocket"],
      testing: ["ProviderSupport"]
    )
    + plugin("Reddit", ["ProviderKit"], testing: ["ProviderSupport"])
    + plugin("OpenAI", ["ProviderKit"], testing: ["ProviderSupport"])
    + pluginLibrary("FetchProbe", path: "Tests/Fixtures/FetchProbe")
    + pluginLibrary("Replier", path: "Tests/Fixtures/Replier") + fuzzers(),
  cLanguageStandard: .gnu2x,
  cxxLanguageStandard: .gnucxx20
)
