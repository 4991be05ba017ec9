import Testing

@testable import AdvEvaluation

struct ChartTests {
  @Test func `wide ranges are shown by their logarithm, with round ticks`() {
    #expect(ChartScale.fitting(1, 20) == .linear && ChartScale.fitting(0, 1000) == .linear)
    #expect(ChartScale.fitting(1, 1000) == .logarithmic)
    #expect(ChartScale.logarithmic.ticks(from: 1, to: 30).map(\.label) == ["1", "2", "5", "10", "20"])
    #expect(ChartScale.linear.ticks(from: 0, to: 11).map(\.label) == ["0", "2", "4", "6", "8", "10"])
    #expect(ChartScale.linear.ticks(from: 3, to: 3).map(\.label) == ["3"])
    #expect(ChartScale.logarithmic.share(10, from: 1, to: 100) == 0.5)
    #expect(ChartScale.linear.share(7, from: 2, to: 4) == 1)
  }

  @Test func `a stair starts at 0, rises at its points and goes on to the end`() {
    let line = LineChart.Series(
      name: "s", points: [.init(x: 1, y: 0.5), .init(x: 10, y: 1)], form: .stair)
    var chart = LineChart(title: "t", xLabel: "passes", ticks: [(1, "1"), (100, "100")], series: [line])
    chart.scale = .logarithmic
    // The plot is 48…426 wide and 14…254 high; 10 lies halfway between 1 and 100.
    #expect(
      chart.svg.contains("points=\"48.0,254.0 48.0,254.0 48.0,134.0 237.0,134.0 237.0,14.0 426.0,14.0\""),
      "\(chart.svg)")
    #expect(chart.svg.contains("passes, logarithmic") && !chart.svg.contains("<circle"))
    let straight = LineChart(
      title: "a<b", xLabel: "x", ticks: [(0, "0"), (1, "1")],
      series: [.init(name: "s", points: [.init(x: 0, y: 0), .init(x: 1, y: 1)])])
    #expect(straight.svg.contains("points=\"48.0,254.0 426.0,14.0\"") && straight.svg.contains("<circle"))
    #expect(straight.svg.contains("a&lt;b. s: 0% to 100%"))
  }
}
