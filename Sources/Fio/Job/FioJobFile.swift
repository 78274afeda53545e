/// A fio job file as read: sections with their options in order, and every error in it.
public struct FioJobFile: Sendable {
  /// The file.
  public var path: String
  /// The jobs in order; `[global]` sections are spread over the jobs below them.
  public var sections: [Section]
  /// What is wrong, in order of reading.
  ///
  /// Sections with errors are there as far as they were read.
  public var errors: [FioDiagnostic]

  /// One job.
  public struct Section: Sendable {
    /// Its name.
    public var name: String
    /// Where it begins.
    public var place: FioPlace
    /// Its options, those of `[global]` sections above it first; a later one overrides.
    public var options: [Setting]
  }

  /// One option with its value.
  public struct Setting: Sendable, Hashable {
    /// fio's own name of it, an alias resolved.
    public var name: String
    /// The name that the file uses.
    public var written: String
    /// Its value with variables and keywords replaced; nil for a bare option.
    public var value: String?
    /// Where its name stands.
    public var place: FioPlace
    /// Where its value stands.
    public var valuePlace: FioPlace
  }

  /// What `$pagesize`, `$mb_memory` and `$ncpus` stand for.
  public struct Keywords: Sendable {
    /// Bytes of a page.
    public var pageSize: Int
    /// Memory in MiB.
    public var memoryMegabytes: Int
    /// CPUs that are on line.
    public var cpus: Int

    /// Names a machine.
    public init(pageSize: Int, memoryMegabytes: Int, cpus: Int) {
      self.pageSize = pageSize
      self.memoryMegabytes = memoryMegabytes
      self.cpus = cpus
    }
  }

  /// Reads a job file.
  ///
  /// Never throws: what is wrong stands in ``errors``. `includeLoader` gives the text of a file
  /// that an `include` names (its path relative to the including file already resolved), or nil.
  /// Rules: fio's HOWTO, "Job file format", and what fio 3.33 does where that is silent: text
  /// after `;` or `#` is a comment anywhere in a line.
  public static func parse(
    text: String, path: String, environment: [String: String], keywords: Keywords,
    includeLoader: (String) -> String?
  ) -> FioJobFile {
    withoutActuallyEscaping(includeLoader) { loader in
      var reader = FioJobReader(environment: environment, keywords: keywords, loader: loader)
      reader.read(text, path: path, depth: [path])
      return FioJobFile(path: path, sections: reader.sections, errors: reader.errors)
    }
  }
}
