/// The template of `training.html`, in the style of a grid's report.
enum TrainingPageTemplate {
  static let text = PageStyle.head + GridPageTemplate.style + body

  private static let body = """
    <body>
    <main>
    <h1>{{title}}</h1>
    <p>{{state}}</p>
    <section aria-labelledby="h-curves">
    <h2 id="h-curves">Curves</h2>
    <div class="panels">{{#charts}}<figure class="panel"><h3>{{title}}</h3>{{{svg}}}
    <figcaption><ul class="legend">{{#keys}}<li>{{{key}}}{{name}}</li>{{/keys}}</ul></figcaption></figure>
    {{/charts}}</div></section>
    {{#confusion}}<section aria-labelledby="h-confusion">
    <h2 id="h-confusion">Confusion matrix</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table>
    <caption>{{images}}. Rows: what an image shows. Columns: what it was taken for.</caption>
    <thead><tr><th scope="col"></th>{{#labels}}<th scope="col">{{.}}</th>{{/labels}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td class="{{kind}}" style="--h: {{heat}}">{{count}}</td>{{/cells}}</tr>
    {{/rows}}</tbody></table></div></section>{{/confusion}}
    {{#filters}}<section aria-labelledby="h-filters">
    <h2 id="h-filters">First layer</h2>
    <p class="faint">Its filters, {{size}}: middle grey is 0, the ends of each channel are the largest weight of all.{{more}}</p>
    <div class="filters">{{#pictures}}<img alt="" src="data:image/png;base64,{{.}}">{{/pictures}}</div></section>{{/filters}}
    <section aria-labelledby="h-repeat">
    <h2 id="h-repeat">How to repeat it</h2>
    <pre><code>{{command}}</code></pre>
    <p class="faint">Threads and interruptions change no bit of the weights. advkit {{version}}.</p></section>
    </main>
    </body>
    </html>

    """
}
