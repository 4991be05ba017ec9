/// The template of `report.html`: one file that needs nothing else, on a screen of any width and on paper.
enum AttackPageTemplate {
  static let text = head + style + summary + pictures + curves + details

  private static let head = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="generator" content="advkit {{version}}">
    <title>{{title}}</title>

    """

  private static let style = """
    <style>
    :root { color-scheme: light dark; --paper: #faf9f6; --card: #fff; --ink: #26282c; --faint: #6b6f76;
      --line: #dcdad4; --good: #1c7442; --bad: #ba2620; --grey: #a9a7a1; --warn: #9a6700; }
    @media (prefers-color-scheme: dark) { :root { --paper: #17181b; --card: #202226; --ink: #e7e6e3;
      --faint: #9a9ea6; --line: #35383e; --good: #4cc38a; --bad: #ff7b72; --grey: #5d6168; --warn: #e3b341; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
    p { margin: .5rem 0; max-width: 46rem; }
    .faint { color: var(--faint); }
    .warn { border-left: 4px solid var(--warn); padding: .25rem .75rem; }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem;
      margin: 1.5rem 0 1rem; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
    .card b { display: block; font-size: 1.9rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
    .card.main { border-width: 2px; border-color: var(--ink); }
    .card span { display: block; font-size: .85rem; color: var(--faint); }
    .bar { display: flex; height: 1.1rem; border-radius: .35rem; overflow: hidden; margin: 1rem 0 .4rem; }
    .bar i { display: block; }
    .survived { background: var(--good); } .broken { background: var(--bad); }
    .already-wrong { background: var(--grey); } .over-budget, .error { background: var(--warn); }
    .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .9rem; padding: 0; margin: 0;
      list-style: none; }
    .legend i { display: inline-block; width: .75rem; height: .75rem; border-radius: .2rem; margin-right: .4rem; }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
    .sheet { display: block; width: 100%; min-width: 34rem; height: auto; image-rendering: auto; }
    table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: .35rem .75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
    td.wide { white-space: normal; overflow-wrap: anywhere; }
    th { position: sticky; top: 0; background: var(--card); font-weight: 600; }
    tr:last-child td { border-bottom: 0; }
    td.number, th.number { text-align: right; }
    td img { width: 48px; height: 48px; object-fit: contain; image-rendering: pixelated; vertical-align: middle; }
    svg.chart { display: block; width: 100%; min-width: 30rem; height: auto; font: 12px system-ui, sans-serif; }
    .chart text { fill: var(--faint); } .chart .axis { stroke: var(--line); stroke-width: 1; }
    .chart .curve { fill: none; stroke: var(--bad); stroke-width: 2; }
    .t-survived { color: var(--good); } .t-broken { color: var(--bad); font-weight: 600; }
    .t-already-wrong { color: var(--faint); } .t-over-budget, .t-error { color: var(--warn); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; font-size: .95rem; }
    dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
    pre { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem;
      white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
    @media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
    @media print { :root { --paper: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #bbb;
      --good: #1c7442; --bad: #ba2620; } main { padding: 0; max-width: none; } .scroll { overflow: visible; }
      th { position: static; } tr, .card, .sheet { break-inside: avoid; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
    </style>
    </head>

    """

  private static let summary = """
    <body>
    <main>
    <h1>{{title}}</h1>
    <p class="faint">{{subtitle}}</p>
    {{#partial}}<p class="warn">{{partial}}</p>{{/partial}}
    {{#warnings}}<p class="warn">{{.}}</p>{{/warnings}}
    <p>{{sentence}}</p>
    <div class="cards">
    {{#cards}}<div class="card {{kind}}"><b>{{value}}</b>{{label}}<span>{{detail}}</span></div>
    {{/cards}}
    </div>
    <div class="bar" role="img" aria-label="{{barText}}">
    {{#parts}}<i class="{{name}}" style="width:{{percent}}%" title="{{name}}: {{count}}"></i>{{/parts}}
    </div>
    <ul class="legend">
    {{#parts}}<li><i class="{{name}}"></i>{{count}} {{name}}</li>
    {{/parts}}
    </ul>
    <p>{{epsilonLine}}</p>
    <p>{{roundingLine}}</p>
    <p class="faint">Every verdict of record was made from the PNG: written, read back, checked against the
    clean image in Double, and classified again. “In float” is the attack's own image before it was rounded
    to the 256 levels that a file can hold.</p>

    """

  private static let pictures = """
    {{#sheet}}
    <h2>Before and after</h2>
    <p class="faint">{{sheetCaption}}</p>
    <div class="scroll"><img class="sheet" alt="{{sheetCaption}}" src="data:image/png;base64,{{sheet}}"></div>
    {{/sheet}}

    """

  private static let curves = """
    {{#charts}}
    <h2>{{title}}</h2>
    <div class="scroll">{{{svg}}}</div>
    {{/charts}}

    """

  private static let details = """
    <h2>How to make these results again</h2>
    <pre>{{command}}</pre>
    <dl>
    {{#facts}}<dt>{{name}}</dt><dd>{{value}}</dd>
    {{/facts}}
    </dl>
    <h2>Every image</h2>
    {{#tableNote}}<p class="faint">{{tableNote}}</p>{{/tableNote}}
    <div class="scroll">
    <table>
    <thead><tr>{{#hasThumbnails}}<th></th>{{/hasThumbnails}}<th>image</th><th>label</th><th>before</th><th>after</th>
    <th>outcome</th><th>in float</th><th class="number">L∞ levels</th><th class="number">L2</th>
    <th class="number">steps</th><th class="number">queries</th>{{#hasRemarks}}<th>remark</th>{{/hasRemarks}}</tr></thead>
    <tbody>
    {{#rows}}<tr>{{#hasThumbnails}}<td>{{#thumbnail}}<img alt="" src="data:image/png;base64,{{thumbnail}}">\
    {{/thumbnail}}</td>{{/hasThumbnails}}<td>{{id}}</td><td>{{label}}</td><td>{{before}}</td><td>{{after}}</td>\
    <td class="t-{{outcome}}">{{outcome}}</td><td>{{inFloat}}</td><td class="number">{{levels}}</td>\
    <td class="number">{{l2}}</td><td class="number">{{steps}}</td><td class="number">{{queries}}</td>\
    {{#hasRemarks}}<td class="wide">{{remark}}</td>{{/hasRemarks}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    <p class="faint">advkit {{version}}</p>
    </main>
    </body>
    </html>

    """
}
