import AdvFormats
import AdvTensor
import Foundation
import Mustache

/// A training run for people: curves, confusion matrix and first filters in one HTML file without external references.
public struct TrainingPage: Sendable {
  /// One epoch.
  public struct Epoch: Sendable {
    /// Counted from 1.
    public var number: Int
    /// The mean loss.
    public var loss: Double
    /// Accuracies; nil where nothing was measured.
    public var training, validation, robust: Double?
    /// The learning rate of the last step.
    public var rate: Double

    /// An epoch of these figures.
    public init(
      number: Int, loss: Double, training: Double?, validation: Double?, robust: Double?, rate: Double
    ) {
      (self.number, self.loss, self.rate) = (number, loss, rate)
      (self.training, self.validation, self.robust) = (training, validation, robust)
    }
  }

  /// How often images of each class (rows) were taken for each class (columns).
  public struct Confusion: Sendable {
    /// Which images.
    public var images: String
    /// The names of the classes.
    public var labels: [String]
    /// Row by row.
    public var counts: [[Int]]

    /// A matrix of counts.
    public init(images: String, labels: [String], counts: [[Int]]) {
      (self.images, self.labels, self.counts) = (images, labels, counts)
    }
  }

  /// What was trained, and how.
  public var title: String
  /// What trains the same again.
  public var command: String
  /// What has come of it: a sentence.
  public var state: String
  /// The attack under which accuracy is measured, with its radius; empty without one.
  public var attack = ""
  /// All epochs so far.
  public var history: [Epoch]
  /// Shown up to 40 classes.
  public var confusion: Confusion?
  /// The first layer's filters, `[count, 1 or 3, height, width]`.
  public var filters: Tensor?

  /// A page of these figures.
  public init(title: String, command: String, state: String, history: [Epoch]) {
    (self.title, self.command, self.state, self.history) = (title, command, state, history)
  }

  /// The page as HTML.
  public func html() throws(EvaluationError) -> String {
    do {
      var content: [String: Any] = [
        "version": Version.current, "title": title, "command": command, "state": state,
        "charts": TrainingCharts(history, attack: attack).panels,
      ]
      if let confusion, confusion.labels.count <= 40 { content["confusion"] = Self.content(of: confusion) }
      if let filters { content["filters"] = try FilterPictures(filters).content }
      return try MustacheTemplate(string: TrainingPageTemplate.text).render(content)
    } catch {
      throw .template("\(error)")
    }
  }

  private static func content(of confusion: Confusion) -> [String: Any] {
    let rows = confusion.counts.enumerated().map { truth, row -> [String: Any] in
      let total = max(1, row.reduce(0, +))
      let cells = row.enumerated().map { guess, count -> [String: String] in
        let share = Double(count) / Double(total)
        return [
          "count": count == 0 ? "" : "\(count)", "kind": guess == truth ? "cool" : "heat",
          // Mistakes are rare where training went well: their colours start deeper.
          "heat": String(format: "%.2f", guess == truth ? 0.7 * share : 0.8 * share.squareRoot()),
        ]
      }
      return ["name": confusion.labels[truth], "cells": cells]
    }
    return ["images": confusion.images, "labels": confusion.labels, "rows": rows]
  }
}

/// The curves of a training run.
struct TrainingCharts {
  private let history: [TrainingPage.Epoch]
  private let attack: String

  init(_ history: [TrainingPage.Epoch], attack: String) { (self.history, self.attack) = (history, attack) }

  /// One panel for each quantity, as the template shows it.
  var panels: [[String: Any]] {
    let accuracies: [(String, (TrainingPage.Epoch) -> Double?)] = [
      ("training images", { $0.training }), ("validation images", { $0.validation }),
      ("validation images under \(attack.isEmpty ? "attack" : attack)", { $0.robust }),
    ]
    let shown = accuracies.map { line($0.0, $0.1) }.filter { !$0.points.isEmpty }
    return [
      panel("Accuracy", shown, .shares), values("Loss", \.loss), values("Learning rate", \.rate),
    ]
  }

  private func values(_ title: String, _ value: (TrainingPage.Epoch) -> Double) -> [String: Any] {
    let top = Self.rounded(history.map(value).max() ?? 1)
    return panel(title, [line(title) { value($0) / top }], .values(upTo: top))
  }

  private func line(_ name: String, _ share: (TrainingPage.Epoch) -> Double?) -> LineChart.Series {
    .init(
      name: name,
      points: history.compactMap { epoch in
        share(epoch).map { .init(x: Double(epoch.number), y: min(max($0, 0), 1)) }
      })
  }

  private func panel(_ title: String, _ lines: [LineChart.Series], _ axis: LineChart.Axis) -> [String: Any] {
    let last = history.last?.number ?? 1
    let step = max(1, (last + 7) / 8)
    let ticks = stride(from: 1, through: last, by: step).map { (x: Double($0), label: "\($0)") }
    let chart = LineChart(
      title: "\(title) over epochs", xLabel: "epoch", ticks: ticks, series: lines, axis: axis)
    let keys = lines.count < 2 ? [] : lines.enumerated().map { ["key": LineChart.key($0), "name": $1.name] }
    return ["title": title, "svg": chart.svg, "keys": keys]
  }

  /// The next number of one digit, or 1.5: the top of an axis.
  private static func rounded(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    let power = pow(10, log10(value).rounded(.down))
    return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].first { $0 * power >= value * 0.999999 } ?? 10) * power
  }
}

/// Filters as small pictures: grey, or 0.5, is 0; black and white are the largest weight of all.
struct FilterPictures {
  private let filters: Tensor
  private static let most = 128

  init(_ filters: Tensor) { self.filters = filters }

  /// Pictures as the template shows them.
  var content: [String: Any] {
    get throws {
      let (channels, height, width) = (filters.shape[1], filters.shape[2], filters.shape[3])
      let scale = 127 / max(filters.elements.map(abs).max() ?? 1, .leastNormalMagnitude)
      let pictures = try (0..<min(filters.rowCount, Self.most)).map { filter -> String in
        let first = filter * filters.rowStride
        let levels = (0..<(height * width)).flatMap { pixel in
          (0..<channels).map { UInt8(127.5 + scale * filters[first + $0 * height * width + pixel]) }
        }
        let picture = PixelImage(width: width, height: height, channels: channels, levels: levels)
        return Data(try PNG.encode(picture)).base64EncodedString()
      }
      let more = filters.rowCount > Self.most ? " The first \(Self.most) of \(filters.rowCount)." : ""
      return ["pictures": pictures, "size": "\(height)×\(width)", "more": more]
    }
  }
}
