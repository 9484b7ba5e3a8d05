import Foundation

/// What is in folders of results and specs.
public enum Listing {
  /// Each result of a folder with its kind, points, digest and origin; files that do not read are
  /// shown with the reason.
  public static func results(in folder: String) throws(InputError) -> ReportTable {
    var table = ReportTable([
      .text("result"), .text("kind"), .number("points"), .number("failed"), .number("size"),
      .text("exact digest"), .text("made"), .text("title"),
    ])
    for name in try files(of: folder, suffix: ".h5") {
      let path = (folder as NSString).appendingPathComponent(name)
      let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int64 ?? 0
      do throws(ResultError) {
        let file = try ResultFile.read(path)
        var failed = 0
        if case .text(let states) = file["point_status"]?.values {
          failed = states.count { $0 != "finished" }
        }
        table.rows.append([
          name, file.attribute("kind") ?? "chain", "\(file.pointCount)", "\(failed)",
          Numbers.bytes(size), String((file.attribute("exact_digest") ?? "").prefix(12)),
          file.attribute("ended_at") ?? "", file.attribute("title") ?? "",
        ])
      } catch {
        table.rows.append([name, "-", "-", "-", Numbers.bytes(size), "-", "-", "\(error)"])
      }
    }
    return table
  }

  /// Each spec of a folder with its kind, points and title; those that do not read are shown with
  /// the reason.
  public static func experiments(
    in folder: String, kinds: KindRegistry = .all
  ) throws(InputError) -> ReportTable {
    var table = ReportTable([.text("spec"), .text("kind"), .number("points"), .text("title")])
    for name in try files(of: folder, suffix: ".yaml") {
      let path = (folder as NSString).appendingPathComponent(name)
      do {
        for file in try SpecSuite.files(at: path, kinds: kinds) {
          let header = file.points[0].spec.header
          table.rows.append([name, header.kind, "\(file.points.count)", header.title])
        }
      } catch {
        table.rows.append([name, "-", "-", "\(error)"])
      }
    }
    return table
  }

  private static func files(of folder: String, suffix: String) throws(InputError) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw InputError(folder, "there is no such folder")
    }
    return names.filter { $0.hasSuffix(suffix) }.sorted()
  }
}
