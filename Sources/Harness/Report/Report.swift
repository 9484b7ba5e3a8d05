/// Makes the report of a result.
public enum Report {
  /// The default report of the kind that made `result`.
  public static func document(
    of result: ResultFile, kinds: KindRegistry = .all
  ) throws(ResultError) -> ReportDocument {
    let name = result.attribute("kind") ?? ChainExperiment.name
    guard let kind = kinds[name] else { throw .unknownKind(name, known: kinds.names) }
    return try kind.report(result)
  }
}
