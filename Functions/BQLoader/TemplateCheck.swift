// SPDX-License-Identifier: MIT
import FunctionRuntime
import GoogleCloud
import PixelModel

/// Looks at the template table once, when the program starts, so that a mistake is in the log before the
/// first row has waited for it.
struct TemplateCheck {
  let dataset: String
  let table: String
  let suffix: TemplateSuffix
  let cloud: CloudSettings

  func run(on worker: Worker) {
    TableCatalog(caller: worker.cloudCaller, cloud: cloud, dataset: dataset).columns(of: table) {
      answer in
      switch answer {
      case .missing(let trouble):
        worker.log.error(
          TableAdvice.text(trouble.kind, dataset: dataset, table: table),
          ["detail": .text(trouble.why), "table": .text("\(dataset).\(table)")])
      case .found(let columns):
        guard let column = suffix.columnMissing(from: Set(columns)) else { return }
        worker.log.error(
          "TEMPLATE_SUFFIX names a column that the template table does not have: all rows go to "
            + "suffix \(SuffixEncoding.missing).",
          ["column": .text(column), "table": .text("\(dataset).\(table)")])
      // The answers to rows will show the problem.
      case .denied, .failed: break
      }
    }
  }
}
