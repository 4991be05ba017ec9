import AdvEvaluation

extension Console {
  /// Runs long work over `total` images, with a line of progress, to be stopped by a signal: `body` gets the request
  /// to stop and tells how many images are done.
  func watching<Result>(
    total: Int, quiet: Bool, _ body: (StopSignal, @escaping @Sendable (Int) -> Void) throws -> Result
  ) throws -> Result {
    let stop = StopSignal()
    let interrupt = Interrupt(stop, on: self)
    let progress = ProgressLine("images", total: total, quiet: quiet, on: self)
    let result = try body(stop) { progress.show($0, "") }
    progress.finish()
    _ = consume interrupt
    return result
  }
}
