internal import CTransformer

/// Threads that help with what one run at a time computes: a single text takes as many times less as there are of them.
///
/// While several runs are under way each does without.
@safe
public final class TransformerTeam: @unchecked Sendable {
  // Unchecked because of the pointer, behind which the threads see to themselves.

  let team: OpaquePointer

  /// Starts the threads, one less than `threads`: the one that runs is the first.
  public init(threads: Int) throws(TransformerError) {
    guard let team = unsafe transformer_team_make(threads) else {
      throw TransformerError("expected \(threads - 1) threads to be started, found fewer; see limits.threads")
    }
    unsafe self.team = team
  }

  deinit {
    unsafe transformer_team_free(team)
  }
}
