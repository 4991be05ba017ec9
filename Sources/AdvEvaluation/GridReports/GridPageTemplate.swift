/// The template of a grid's `report.html`: one file that needs nothing else, on a screen of any width and on
/// paper, in light and dark, with the keyboard and read aloud.
enum GridPageTemplate {
  static let text = PageStyle.head + style + summary + charts + comparisons + images + method

  static let style = """
    :root { --heat: 186, 38, 32; --cool: 28, 116, 66; }
    @media (prefers-color-scheme: dark) { :root { --heat: 255, 123, 114; --cool: 76, 195, 138; } }
    .skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 1rem 0 0; padding: 0; font-size: .9rem; }
    .scroll { margin: .75rem 0; } caption { text-align: left; padding: .5rem .75rem; color: var(--faint); }
    caption span { position: sticky; left: .75rem; display: inline-block; max-width: min(46rem, calc(100vw - 5rem)); }
    .scroll tr > th:first-child { position: sticky; left: 0; z-index: 1; background: var(--card); max-width: min(20rem, 40vw);
      min-width: min(7rem, 25vw); overflow-wrap: break-word; }
    th, td { vertical-align: top; } td { white-space: nowrap; } .stack td { white-space: normal; }
    td small, th small { display: block; font-size: .8rem; white-space: nowrap; }
    .heat { background: rgba(var(--heat), var(--h, 0)); } .cool { background: rgba(var(--cool), var(--h, 0)); }
    .panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem; }
    .panel { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem; margin: 0; }
    .panels > :only-child { max-width: 36rem; grid-column: 1 / -1; }
    .bars tbody > tr > * { border: 0; padding: .15rem .75rem; vertical-align: middle; } .bars .track { min-width: 8rem; width: 60%; }
    .track span { display: block; height: .55rem; border-radius: .2rem; }
    .track .clean { background: var(--c0); opacity: .45; } .track .left { background: var(--c0); }
    .shots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; }
    figure { margin: 0; } figcaption { font-size: .85rem; overflow-wrap: anywhere; }
    .trio { display: grid; grid-template-columns: repeat(3, 1fr); gap: .35rem; }
    .trio img { width: 100%; height: auto; image-rendering: pixelated; border: 1px solid var(--line); }
    .filters { display: flex; flex-wrap: wrap; gap: .4rem; } .filters img { width: 3.5rem; height: 3.5rem; image-rendering: pixelated; }
    .pass { color: var(--good); } .warn { color: var(--warn); font-weight: 600; } .fail { color: var(--bad); font-weight: 600; }
    .not-applicable { color: var(--faint); } .stack td { overflow-wrap: anywhere; }
    td.pass, td.not-applicable { overflow-wrap: normal; }
    @media (max-width: 44rem) { .stack thead { position: absolute; left: -99rem; }
      .stack tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
      .scroll .stack tr > th { position: static; max-width: none; } .stack th, .stack td { display: block; border: 0; padding: .1rem .75rem; } .stack td:empty { display: none; } }
    @media print { td, td small, th small { white-space: normal; overflow-wrap: anywhere; } th, td { padding: .2rem .35rem; }
      .scroll tr > th:first-child, caption span { position: static; } section { break-inside: auto; } .panel { break-inside: avoid; } }
    details { margin: .5rem 0; } summary { cursor: pointer; font-weight: 600; }
    li { overflow-wrap: anywhere; }
    </style>
    </head>

    """

  private static let summary = """
    <body>
    <a class="skip" href="#summary">Skip to the summary</a>
    <main>
    <h1>{{title}}</h1>
    <nav aria-label="Sections"><ul>{{#contents}}<li><a href="#{{anchor}}">{{name}}</a></li>{{/contents}}</ul></nav>
    <section id="summary" aria-labelledby="h-summary">
    <h2 id="h-summary">Summary</h2>
    {{#sentences}}<p>{{.}}</p>
    {{/sentences}}
    {{#strategies}}<div class="scroll" tabindex="0" role="region" aria-label="Models by what was done for them"><table>
    <caption><span>{{caption}}: right and not broken by these attacks, by the model and by what was done for it.</span></caption>
    <thead><tr><th scope="col">{{corner}}</th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{title}}</th>{{#cells}}<td class="cool" style="--h: {{heat}}">{{text}}<small>{{detail}}</small><small>{{clean}}</small></td>{{/cells}}</tr>
    {{/rows}}</tbody></table></div>{{/strategies}}
    {{#degradation}}<div class="scroll" tabindex="0" role="region" aria-label="Accuracy of every model and defence"><table>
    <caption><span>{{degradationNote}}</span></caption>
    <thead><tr>{{#head}}<th scope="col">{{.}}</th>{{/head}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td>{{text}}<small>{{detail}}</small></td>{{/cells}}</tr>
    {{/rows}}</tbody></table></div>{{/degradation}}
    </section>

    """

  private static let charts = """
    {{#hasCurves}}<section id="curves" aria-labelledby="h-curves">
    <h2 id="h-curves">Accuracy over ε</h2>
    <p class="faint">Right, and broken by none of these attacks at this or a smaller ε; in files. Bars are 95 % intervals.</p>
    <div class="panels">{{/hasCurves}}{{#curves}}<figure class="panel"><h3>{{title}}</h3>{{{svg}}}
    <figcaption><ul class="legend">{{#keys}}<li>{{{key}}}{{name}}</li>{{/keys}}</ul></figcaption></figure>
    {{/curves}}{{#hasCurves}}</div></section>{{/hasCurves}}
    {{#cells}}<section id="attacks" aria-labelledby="h-attacks">
    <h2 id="h-attacks">Attack by attack</h2>
    <p class="faint">{{cellNote}}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Every attack at every radius"><table>
    <thead><tr>{{#head}}<th scope="col">{{.}}</th>{{/head}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td>{{text}}<small>{{detail}}</small></td>{{/cells}}</tr>
    {{/rows}}</tbody></table></div></section>{{/cells}}
    {{#hasBudgets}}<section id="budgets" aria-labelledby="h-budgets">
    <h2 id="h-budgets">Success over cost</h2>
    <p class="faint">The share of correct images whose files each attack has broken, over the forward passes until
    its first success. What an earlier attack has broken is not counted again.</p>
    <div class="panels">{{/hasBudgets}}{{#budgets}}<figure class="panel"><h3>{{title}}</h3>{{{svg}}}
    <figcaption><ul class="legend">{{#keys}}<li>{{{key}}}{{name}}</li>{{/keys}}</ul></figcaption></figure>
    {{/budgets}}{{#hasBudgets}}</div></section>{{/hasBudgets}}

    """

  private static let comparisons = """
    {{#pairs}}<section id="pairs" aria-labelledby="h-pairs">
    <h2 id="h-pairs">Same images, two models</h2>
    <p class="faint">{{pairNote}}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Pairs of models"><table>
    <thead><tr>{{#head}}<th scope="col">{{.}}</th>{{/head}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td>{{text}}<small>{{detail}}</small></td>{{/cells}}</tr>
    {{/rows}}</tbody></table></div></section>{{/pairs}}
    {{#hasTransferRows}}<section id="transfer" aria-labelledby="h-transfer">
    <h2 id="h-transfer">Transfer</h2>
    <p class="faint">{{transferNote}}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Transfer between models"><table>
    <caption><span>Rows: made on. Columns: shown to. Below each share: fooled/tried and the 95 % interval.</span></caption>
    <thead><tr><th scope="col">made on</th>{{#subjects}}<th scope="col">{{title}}</th>{{/subjects}}</tr></thead>
    <tbody>{{/hasTransferRows}}{{#transferRows}}<tr><th scope="row">{{title}}</th>{{#cells}}<td class="heat" style="--h: {{heat}}">{{text}}<small>{{detail}}</small><small>{{interval}}</small></td>{{/cells}}</tr>
    {{/transferRows}}{{#hasTransferRows}}</tbody></table></div></section>{{/hasTransferRows}}
    {{#hasConditions}}<section id="conditions" aria-labelledby="h-conditions">
    <h2 id="h-conditions">Clean accuracy under other conditions</h2>
    <ul>{{/hasConditions}}{{#conditionMeans}}<li>{{.}}</li>{{/conditionMeans}}{{#hasConditions}}</ul>
    <div class="panels">{{/hasConditions}}{{#conditions}}<figure class="panel"><h3>{{title}}</h3>{{{svg}}}
    <figcaption><ul class="legend">{{#keys}}<li>{{{key}}}{{name}}</li>{{/keys}}</ul></figcaption></figure>
    {{/conditions}}{{#hasConditions}}</div></section>{{/hasConditions}}

    """

  private static let images = """
    {{#hasClasses}}<section id="classes" aria-labelledby="h-classes">
    <h2 id="h-classes">Class by class</h2>
    <p class="faint">Upper bar: right without an attack. Lower bar: right and not broken, at {{classCaption}} alone.</p>{{/hasClasses}}
    {{#classes}}<details{{#open}} open{{/open}}><summary>{{title}}</summary><div class="scroll"><table class="bars">
    <thead><tr><th scope="col">class</th><th scope="col">share</th><th scope="col">right</th><th scope="col">left</th></tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{class}}</th><td class="track"><span class="clean" style="width: {{clean}}%"></span><span class="left" style="width: {{robust}}%"></span></td><td>{{cleanText}}</td><td>{{robustText}}</td></tr>
    {{/rows}}</tbody></table></div></details>
    {{/classes}}{{#hasClasses}}</section>{{/hasClasses}}
    {{#hasGallery}}<section id="gallery" aria-labelledby="h-gallery">
    <h2 id="h-gallery">Adversarial images</h2>
    <p class="faint">Original, adversarial file, and their difference around grey, amplified as its caption says.</p>
    <div class="shots">{{/hasGallery}}{{#gallery}}<figure><div class="trio"><img alt="original" src="data:image/png;base64,{{original}}"><img alt="adversarial" src="data:image/png;base64,{{adversarial}}"><img alt="amplified difference" src="data:image/png;base64,{{difference}}"></div>
    <figcaption><b>{{title}}</b><br>{{caption}}</figcaption></figure>
    {{/gallery}}{{#hasGallery}}</div></section>{{/hasGallery}}

    """

  private static let method = """
    {{#hasAudit}}<section id="audit" aria-labelledby="h-audit">
    <h2 id="h-audit">Audit of this evaluation</h2>
    <p>{{auditSummary}} A check is silent unless its figures exclude chance.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Audit"><table class="stack">
    <thead><tr><th scope="col">check</th><th scope="col">result</th><th scope="col">evidence</th><th scope="col">what to do</th></tr></thead>
    <tbody>{{/hasAudit}}{{#audit}}<tr><th scope="row">{{id}} {{title}}</th><td class="{{status}}">{{status}}</td><td>{{evidence}}{{#concerned}}<details><summary>subjects</summary>{{concerned}}</details>{{/concerned}}{{#images}}<details><summary>images</summary>{{images}}</details>{{/images}}</td><td>{{advice}}</td></tr>
    {{/audit}}{{#hasAudit}}</tbody></table></div></section>{{/hasAudit}}
    <section id="threat" aria-labelledby="h-threat">
    <h2 id="h-threat">How it was measured</h2>
    <ul>{{#threat}}<li>{{.}}</li>
    {{/threat}}</ul></section>
    <section id="repeat" aria-labelledby="h-repeat">
    <h2 id="h-repeat">How to repeat it</h2>
    <pre><code>{{command}}</code></pre>
    <p class="faint">Batch size, threads, interruptions and shards change no byte of the results. One image again:
    <code>advkit replay FOLDER --image ID</code>. advkit {{version}}.</p></section>
    </main>
    </body>
    </html>

    """
}
