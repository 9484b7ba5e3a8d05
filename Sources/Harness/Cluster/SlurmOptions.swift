/// What a submission asks Slurm for; what is nil is left to the cluster.
public struct SlurmOptions: Sendable, Equatable, Codable {
  /// Partition.
  public var partition: String?
  /// Time limit of a task, in Slurm's notation (`days-hours:minutes:seconds`).
  public var time: String?
  /// Cores of a task.
  public var cpus = 1
  /// Memory of a task in bytes, whole MiB.
  public var memoryBytes: Int?
  /// Most tasks of an array that run at the same time.
  public var arrayLimit: Int?
  /// Options of sbatch as the user typed them.
  public var extra: String?

  /// One core a task.
  public init() {}

  /// Checks every value as a user types it. Throws ``RunError``.
  public init(
    partition: String? = nil, time: String? = nil, cpus: Int? = nil, memory: String? = nil,
    arrayLimit: Int? = nil, extra: String? = nil, over old: SlurmOptions? = nil
  ) throws(RunError) {
    self = old ?? SlurmOptions()
    if let partition {
      guard !partition.isEmpty, partition.allSatisfy(Self.isNameCharacter) else {
        throw .refused(
          "--partition must be a name of letters, digits and .,_-, but is '\(partition)'")
      }
      self.partition = partition
    }
    if let time { self.time = try Self.slurmTime(time) }
    if let cpus {
      guard (1...1024).contains(cpus) else {
        throw .refused("--cpus must be in 1...1024, but is \(cpus)")
      }
      self.cpus = cpus
    }
    if let memory { memoryBytes = try Self.memoryBytes(memory) }
    if let arrayLimit {
      guard arrayLimit >= 1 else {
        throw .refused("--array-limit must be at least 1, but is \(arrayLimit)")
      }
      self.arrayLimit = arrayLimit
    }
    if let extra { self.extra = try Self.checked(extra) }
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || ".,_-".contains(character))
  }

  /// `2h`, `30m` or `90s`, or what Slurm itself takes: minutes, m:s, h:m:s, d-h, d-h:m, d-h:m:s.
  static func slurmTime(_ text: String) throws(RunError) -> String {
    if let milliseconds = Units.milliseconds(of: text), milliseconds > 0 {
      let seconds = (milliseconds + 999) / 1000
      func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
      return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let fields = parts[parts.count - 1].split(separator: ":", omittingEmptySubsequences: false)
    let digits = (parts.dropLast() + fields).allSatisfy { part in
      !part.isEmpty && part.count <= 6 && part.allSatisfy { $0.isASCII && $0.isNumber }
    }
    guard digits, fields.count <= 3, text.contains(where: { ("1"..."9").contains($0) }) else {
      throw .refused(
        "--time must be a duration such as 2h, 30m or 1-12:00:00 (days-hours:minutes:seconds), but "
          + "is '\(text)'")
    }
    return text
  }

  /// `4GiB` or `500MiB`, or as Slurm takes it: `4G`, `500M`, `500` (MiB).
  static func memoryBytes(_ text: String) throws(RunError) -> Int {
    let factors: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let factor = text.last.flatMap { factors[$0] }
    let digits = factor == nil ? text : String(text.dropLast())
    let bytes =
      Units.byteCount(of: text)
      ?? Units.integer(of: digits, as: Int.self).flatMap { count in
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor ?? 1 << 20)
        return overflow ? nil : bytes
      }
    guard let bytes, bytes >= 1 << 20 else {
      throw .refused("--mem must be a size such as 4GiB, 4G or 500M, but is '\(text)'")
    }
    return ((bytes + (1 << 20) - 1) >> 20) << 20
  }

  /// Options that the harness sets itself, by their long and short names.
  private static let own: Set<String> = [
    "--array", "-a", "--dependency", "-d", "--output", "-o", "--error", "-e", "--chdir", "-D",
    "--job-name", "-J", "--open-mode", "--wrap", "--parsable", "--ntasks", "-n", "--no-requeue",
  ]

  private static func checked(_ extra: String) throws(RunError) -> String {
    guard extra.hasPrefix("-"), !extra.contains(where: \.isNewline) else {
      throw .refused("--sbatch must be options of sbatch in one line, but is '\(extra)'")
    }
    for word in extra.split(separator: " ") where word.hasPrefix("-") {
      let name = String(word.prefix { $0 != "=" })
      let short = name.hasPrefix("--") ? name : String(name.prefix(2))
      guard !own.contains(name), !own.contains(short) else {
        throw .refused("--sbatch: \(name) is set by pogo itself; leave it out")
      }
    }
    return extra
  }
}
