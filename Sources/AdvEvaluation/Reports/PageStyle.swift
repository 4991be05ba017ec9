/// What all pages have in common: one file without references, on a screen of any width and on paper, in light and
/// dark.
enum PageStyle {
  /// The beginning of a page up to its own styles; the page closes `style` and `head`.
  static let head = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="generator" content="advkit {{version}}">
    <title>{{title}}</title>
    <style>
    :root { color-scheme: light dark; --paper: #faf9f6; --card: #fff; --ink: #26282c; --faint: #62666d;
      --line: #dcdad4; --good: #1c7442; --bad: #ba2620; --grey: #a9a7a1; --warn: #8a5a00; --c0: #0b62a8;
      --c1: #b54a00; --c2: #00745a; --c3: #a03d7d; --c4: #5b5bd6; --c5: #6b5b00; }
    @media (prefers-color-scheme: dark) { :root { --paper: #17181b; --card: #202226; --ink: #e7e6e3;
      --faint: #a3a7af; --line: #35383e; --good: #4cc38a; --bad: #ff7b72; --grey: #5d6168; --warn: #e3b341;
      --c0: #62b0f0; --c1: #ff9d5c; --c2: #45cfa8; --c3: #ea8fc6; --c4: #a6a6ff; --c5: #d8c24a; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: .25rem 0; overflow-wrap: anywhere; }
    p { margin: .5rem 0; max-width: 46rem; overflow-wrap: anywhere; } .faint, small { color: var(--faint); }
    a { color: inherit; } :focus-visible { outline: 3px solid var(--warn); outline-offset: 2px; }
    .scroll::-webkit-scrollbar { height: .7rem; } .scroll::-webkit-scrollbar-thumb { background: var(--grey);
      border: .2rem solid var(--card); border-radius: .6rem; }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
    table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: .35rem .75rem; border-bottom: 1px solid var(--line); }
    th { font-weight: 600; } tbody tr:last-child > * { border-bottom: 0; }
    .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .9rem; padding: 0; margin: 0;
      list-style: none; }
    .chart { display: block; width: 100%; height: auto; } .chart text { font-size: 12px; fill: var(--faint); }
    .chart .end { text-anchor: end; } .chart .mid { text-anchor: middle; } .chart .axis { font-size: 13px; }
    .chart .grid { stroke: var(--line); } .chart .tick { stroke: var(--faint); }
    .chart .line, .key .line { fill: none; stroke-width: 2; stroke: currentColor; } .chart .dash { stroke-dasharray: 5 4; }
    .chart .bar { stroke: currentColor; stroke-width: 5; opacity: .25; }
    .chart circle, .chart rect, .chart path, .key circle, .key rect, .key path { fill: currentColor; }
    .key { width: 1.5rem; height: .75rem; margin-right: .35rem; }
    .s0 { color: var(--c0); } .s1 { color: var(--c1); } .s2 { color: var(--c2); } .s3 { color: var(--c3); }
    .s4 { color: var(--c4); } .s5 { color: var(--c5); }
    pre { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem;
      white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
    @media print { :root { --paper: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #bbb; --good: #1c7442;
      --bad: #ba2620; --warn: #8a5a00; } main { padding: 0; max-width: none; } .scroll { overflow: visible; }
      tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } nav, .skip { display: none; }
      details::details-content { content-visibility: visible; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }

    """
}
