internal import Envelope
internal import Host

extension Command {
  private static let library = Argument(.file(), "The library, such as plugins.d/libWeather.so.")

  static let show = Command(
    "show",
    "Shows what a library requests, and the entry of plugins.yml that grants it",
    details: """
      Reads the library as data; no code of it is run, or even mapped. The entry grants all that is requested to all tenants that it may serve: take out \
      what it is not to have, write it below plugins:, and apply. Keys of the deployment's plugins.yml, if it can be read, say whether it is signed.
      """,
    arguments: [library],
    options: [DeploymentFile.searchPath],
    exits: [.failure: "it is not a library that could run here"],
    examples: [
      Example("promethean show plugins.d/libWeather.so", "Prints what it is, and an entry to paste."),
      Example("promethean show libWeather.so --json", "Prints the same as data."),
    ]
  ) { invocation, session in
    let (deployment, _) = DeploymentFile.read(session.deployment, invocation)
    let entry: PluginEntry
    do throws(HostError) { entry = try PluginEntry(path: invocation.required(library), for: deployment) } catch {
      throw CommandError.failed(Cells.printable(error.description))
    }
    try session.show(entry.json) {
      ["# \(DropInPage.library(entry.json))"] + entry.lines.map(Cells.printable)
    }
    return .success
  }
}
