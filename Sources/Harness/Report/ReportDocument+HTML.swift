import Foundation
import Mustache

extension ReportDocument {
  /// As one HTML page that needs no network: tables, plots as SVG, the spec and the origin.
  ///
  /// - Parameters:
  ///   - spec: text of the spec, shown as it is.
  ///   - origin: names and values of the result's attributes.
  ///   - draw: SVG of a plot, or nil where it cannot be drawn.
  public func html(
    spec: String, origin: [(name: String, text: String)], draw: (ReportPlot) -> String?
  ) throws -> String {
    let template = try MustacheTemplate(string: Self.pageTemplate)
    let parts: [[String: Any]] = sections.map { section in
      var part: [String: Any] = [
        "heading": section.title, "hasHeading": !section.title.isEmpty, "lines": section.lines,
        "hasLines": !section.lines.isEmpty,
      ]
      if let table = section.table {
        func cells(_ texts: [String]) -> [[String: Any]] {
          zip(texts, table.columns).map { ["text": $0, "side": $1.isNumber ? "number" : "text"] }
        }
        part["table"] =
          [
            "head": cells(table.columns.map(\.title)),
            "rows": table.rows.map { ["cells": cells($0)] as [String: Any] },
          ] as [String: Any]
      }
      if let plot = section.plot {
        let svg = draw(plot)
        part["plot"] =
          [
            "svg": svg ?? "", "isDrawn": svg != nil, "caption": plot.title,
          ] as [String: Any]
      }
      return part
    }
    return template.render([
      "title": title, "sections": parts, "spec": spec,
      "origin": origin.map { ["name": $0.name, "text": $0.text] },
    ])
  }

  /// The page. Colours follow the reader's choice of light or dark; wide tables scroll by
  /// themselves, so that a narrow screen never does.
  private static let pageTemplate = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{title}}</title>
    <style>
    :root { --ink: #1b1f24; --paper: #ffffff; --line: #d5dae0; --soft: #f4f6f8; --faint: #57606a; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e6e9ed; --paper: #14171b; --line: #343a41; --soft: #1d2126; --faint: #9aa4af; }
      figure svg { filter: invert(1) hue-rotate(180deg); }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; color: var(--ink);
      background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0 1.5rem; }
    h2 { font-size: 1.15rem; margin: 2.2rem 0 0.5rem; }
    p { margin: 0.3rem 0; color: var(--faint); overflow-wrap: anywhere; white-space: pre-wrap; }
    .wide { overflow-x: auto; margin: 0.6rem 0; border: 1px solid var(--line); border-radius: 6px; }
    table { border-collapse: collapse; width: 100%; font-size: 0.9rem;
      font-variant-numeric: tabular-nums; }
    th, td { padding: 0.35rem 0.7rem; text-align: left; white-space: nowrap; }
    th { background: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line); }
    tr + tr td { border-top: 1px solid var(--line); }
    .number { text-align: right; }
    figure { margin: 0.8rem 0; }
    figure svg { width: 100%; height: auto; max-width: 44rem; display: block; }
    pre { overflow-x: auto; background: var(--soft); border: 1px solid var(--line);
      border-radius: 6px; padding: 0.8rem; font-size: 0.85rem; }
    summary { cursor: pointer; font-weight: 600; margin-top: 2rem; }
    td.value { white-space: normal; overflow-wrap: anywhere; }
    </style>
    </head>
    <body>
    <h1>{{title}}</h1>
    {{#sections}}
    <section>
    {{#hasHeading}}<h2>{{heading}}</h2>{{/hasHeading}}
    {{#hasLines}}{{#lines}}<p>{{.}}</p>{{/lines}}{{/hasLines}}
    {{#table}}<div class="wide"><table>
    <thead><tr>{{#head}}<th class="{{side}}">{{text}}</th>{{/head}}</tr></thead>
    <tbody>
    {{#rows}}<tr>{{#cells}}<td class="{{side}}">{{text}}</td>{{/cells}}</tr>
    {{/rows}}</tbody>
    </table></div>{{/table}}
    {{#plot}}{{#isDrawn}}<figure role="img" aria-label="{{caption}}">{{{svg}}}</figure>{{/isDrawn}}
    {{^isDrawn}}<p>The plot “{{caption}}” needs gnuplot.</p>{{/isDrawn}}{{/plot}}
    </section>
    {{/sections}}
    <details><summary>Spec</summary><pre>{{spec}}</pre></details>
    <details><summary>Origin</summary><div class="wide"><table>
    {{#origin}}<tr><td>{{name}}</td><td class="value">{{text}}</td></tr>
    {{/origin}}</table></div></details>
    </body>
    </html>

    """
}
