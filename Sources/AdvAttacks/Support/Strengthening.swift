import AdvThreat

extension QuerySearch {
  /// Transforms the image more and more, from the first of `steps` even strengths to the last; ends at the
  /// first that is adversarial.
  mutating func strengthen(
    upTo most: Float, steps: Int, on oracle: any LabelOracle, _ transformation: (Float) -> Transformation
  ) throws(ThreatError) {
    for step in 1...steps {
      let made = transformation(most * Float(step) / Float(steps))
      transformations = [made]
      countStep()
      guard try isMet(made.applied(to: original, size, in: problem.box), on: oracle) != nil else { return }
    }
  }
}
