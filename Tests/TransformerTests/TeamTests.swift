import TestSupport
import Testing
import Transformer

/// Threads that help, under what could go wrong between them.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct TeamTests {
  private static let texts = (1...12).map { length in
    (0..<length * 4).map { UInt32(($0 * 5 + length) % RandomModel.vocabulary) }
  }

  @Test func `models share a team, and one may end while the other goes on`() async throws {
    let described = RandomVisionModel(.clip)
    let rasters = described.rasters(6)
    let vectors = try TransformerRun(RandomModel().load()).vectors(of: Self.texts, .mean)
    let images = try VisionRun(described.load()).vectors(of: rasters)
    let team = try TransformerTeam(threads: 3)
    // One after the other on one thread, where each step may be helped with.
    let (model, vision) = try (RandomModel().load(team: team), described.load(team: team))
    let (run, visionRun) = try (TransformerRun(model), VisionRun(vision))
    for _ in 0..<50 {
      #expect(try run.vectors(of: Self.texts, .mean) == vectors)
      #expect(try visionRun.vectors(of: rasters) == images)
    }
    // At the same time, of models that come and go.
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<2 {
        group.addTask {
          try (0..<10).allSatisfy { _ in
            try TransformerRun(RandomModel().load(team: team)).vectors(of: Self.texts, .mean) == vectors
          }
        }
        group.addTask {
          try (0..<10).allSatisfy { _ in
            try VisionRun(RandomVisionModel(.clip).load(team: team)).vectors(of: rasters) == images
          }
        }
      }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test func `a team ends at once, whether its helpers have just begun, have helped, or sleep`() throws {
    let bytes = try RandomModel().tensors()
    let alone = try TransformerRun(RandomModel().load(tensors: bytes))
    let expected = try alone.vectors(of: Self.texts, .mean)
    for round in 0..<60 {
      let model = try RandomModel().load(tensors: bytes, team: TransformerTeam(threads: 4))
      guard round % 3 > 0 else { continue }
      let run = try TransformerRun(model)
      #expect(try run.vectors(of: Self.texts, .mean) == expected)
      guard round % 3 > 1 else { continue }
      // This takes longer than helpers look before they sleep. Then they are woken.
      for _ in 0..<3 { #expect(try alone.vectors(of: Self.texts, .mean) == expected) }
      #expect(try run.vectors(of: Self.texts, .mean) == expected)
      for _ in 0..<3 { #expect(try alone.vectors(of: Self.texts, .mean) == expected) }
    }
  }
}
