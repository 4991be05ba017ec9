/// The template of `report.html`: one file that needs nothing else, on a screen of any width and on paper.
enum AttackPageTemplate {
  static let text = PageStyle.head + style + summary + pictures + curves + details

  private static let style = """
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
    .legend i { display: inline-block; width: .75rem; height: .75rem; border-radius: .2rem; margin-right: .4rem; }
    .sheet { display: block; width: 100%; min-width: 34rem; height: auto; image-rendering: auto; }
    th, td { white-space: nowrap; }
    td.wide { white-space: normal; overflow-wrap: anywhere; }
    th { position: sticky; top: 0; background: var(--card); }
    td.number, th.number { text-align: right; }
    td img { width: 48px; height: 48px; object-fit: contain; image-rendering: pixelated; vertical-align: middle; }
    svg.chart { min-width: 22rem; max-width: 46rem; margin: 0 auto; }
    .t-survived { color: var(--good); } .t-broken { color: var(--bad); font-weight: 600; }
    .t-already-wrong { color: var(--faint); } .t-over-budget, .t-error { color: var(--warn); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; font-size: .95rem; }
    dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
    @media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
    @media print { th { position: static; } .card, .sheet { break-inside: avoid; } }
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
