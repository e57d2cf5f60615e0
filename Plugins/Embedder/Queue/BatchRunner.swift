internal import PluginKit

/// Computes batches, one at a time: a thread here, or calls of somebody who has the model.
protocol BatchRunner: AnyObject, Sendable {
  /// Hears what came of each subject of a batch, in their order, or why of none came anything.
  typealias Completion = @Sendable (Result<[Made], EmbedderError>) -> Void

  /// Computes vectors of subjects by one of the models that it runs; what it was given before must have been completed.
  ///
  /// `completion` hears once how it ended, on any thread; perhaps not at all if the runner is stopped before.
  @PluginActor func compute(_ subjects: [Subject], model: Int, completion: @escaping Completion)

  /// Begins nothing more; what is under way on a thread has ended when it returns.
  @PluginActor func stop()
}
