package import Envelope

/// Which subscribers a topic has: their patterns, token by token.
///
/// Looking a topic up costs its number of tokens times the wildcards met on the way, however many subscribers there
/// are; the router remembers the answer per topic (`RouteTable`), so that even this is paid once.
package struct SubscriptionTrie<Subscriber: Hashable & Comparable> {
  private struct Node {
    var literals: [String: Int] = [:]
    var any: Int?
    /// Who subscribes to the topics that end here.
    var here: Set<Subscriber> = []
    /// Who subscribes to everything beyond here.
    var beyond: Set<Subscriber> = []
  }

  /// The nodes, the root first; a child is an index, so that the whole is a value.
  private var nodes = [Node()]

  /// Makes a trie without subscribers.
  package init() {}

  /// Adds a subscriber under a pattern.
  package mutating func insert(_ subscriber: Subscriber, under pattern: TopicPattern) {
    for alternative in pattern.alternatives {
      var node = 0
      var goesOn = false
      for token in alternative {
        switch token {
        case .literal(let text): node = child(of: node, at: \.literals[text])
        case .any: node = child(of: node, at: \.any)
        case .rest: goesOn = true
        }
      }
      if goesOn {
        nodes[node].beyond.insert(subscriber)
      } else {
        nodes[node].here.insert(subscriber)
      }
    }
  }

  private mutating func child(of node: Int, at path: WritableKeyPath<Node, Int?>) -> Int {
    if let child = nodes[node][keyPath: path] { return child }
    nodes.append(Node())
    nodes[node][keyPath: path] = nodes.count - 1
    return nodes.count - 1
  }

  /// Removes a subscriber from under every pattern.
  package mutating func remove(_ subscriber: Subscriber) {
    for index in nodes.indices {
      nodes[index].here.remove(subscriber)
      nodes[index].beyond.remove(subscriber)
    }
  }

  /// Finds who subscribes to a topic, each once, in order.
  package func subscribers(of topic: String) -> [Subscriber] {
    let tokens = topic.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    var found: Set<Subscriber> = []
    collect(tokens[...], from: 0, into: &found)
    return found.sorted()
  }

  private func collect(_ tokens: ArraySlice<String>, from index: Int, into found: inout Set<Subscriber>) {
    let node = nodes[index]
    guard let token = tokens.first else { return found.formUnion(node.here) }
    found.formUnion(node.beyond)
    if let next = node.literals[token] { collect(tokens.dropFirst(), from: next, into: &found) }
    if let next = node.any { collect(tokens.dropFirst(), from: next, into: &found) }
  }
}
