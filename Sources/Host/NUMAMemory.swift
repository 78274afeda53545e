internal import CLinux
internal import CNuma
internal import Glibc
public import Measure

/// Memory for I/O buffers: page-aligned, on a chosen NUMA node, faulted in, freed with the value.
public struct NUMAMemory: ~Copyable, @unchecked Sendable {
  /// What was asked for and what was done, for the record.
  public struct Placement: Hashable, Codable, Sendable {
    /// How it was had: `libnuma`, `mmap`, or `mmap with huge pages`.
    public var method: String
    /// Size, rounded up to whole pages.
    public var size: ByteCount
    /// Size of a page.
    public var pageSize: ByteCount
    /// NUMA node asked for.
    public var requestedNode: Int?
    /// NUMA node of the first page as the kernel tells; nil where it does not.
    public var actualNode: Int?

    enum CodingKeys: String, CodingKey {
      case method
      case size = "sizeBytes"
      case pageSize = "pageSizeBytes"
      case requestedNode, actualNode
    }
  }

  /// First byte.
  public let base: UnsafeMutableRawPointer
  /// What was done.
  public let placement: Placement
  private let usesLibnuma: Bool

  /// Allocates zeroed memory and faults all of it in.
  ///
  /// Huge pages are a try: where none are reserved (vm.nr_hugepages) ordinary pages serve, and
  /// ``placement`` says so. Without NUMA, or for no node, it is plain mmap(2).
  ///
  /// - Parameters:
  ///   - size: at least this much, above zero.
  ///   - node: the NUMA node to take it from.
  ///   - hugePages: whether to try for pages of the default huge size.
  /// - Throws: ``HostError`` when there is not that much memory or no such node.
  /// - Complexity: O(size): every page is touched.
  public init(size: ByteCount, node: Int?, hugePages: Bool = false) throws(HostError) {
    precondition(size.count > 0, "memory for nothing")
    let hasNUMA = numa_available() >= 0
    if let node, hasNUMA, !(0...Int(numa_max_node())).contains(node) {
      throw HostError(
        "NUMA node \(node)", "does not exist", remedy: "`numactl --hardware` lists the nodes")
    }
    let bound = hasNUMA ? node : nil
    var got = hugePages ? Self.huge(size, node: bound) : nil
    if got == nil { got = Self.ordinary(size, node: bound) }
    guard let (address, length, page, method) = got else {
      throw HostError(
        "\(size.count) bytes of memory", "cannot be had: \(String(cString: strerror(errno)))",
        remedy: "ask for less (queue depth x block size x jobs), or free memory")
    }
    base = address
    usesLibnuma = method == "libnuma"
    // A write to each page faults it in, so that the first I/O does not pay for it.
    for offset in stride(from: 0, to: length, by: page) {
      address.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
    }
    var actual: Int32 = -1
    let flags = UInt32(MPOL_F_NODE) | UInt32(MPOL_F_ADDR)
    let known = hasNUMA && get_mempolicy(&actual, nil, 0, address, flags) == 0
    placement = Placement(
      method: method, size: ByteCount(Int64(length)), pageSize: ByteCount(Int64(page)),
      requestedNode: node, actualNode: known && actual >= 0 ? Int(actual) : nil)
  }

  deinit {
    let length = Int(placement.size.count)
    if usesLibnuma { numa_free(base, length) } else { munmap(base, length) }
  }

  private typealias Got = (UnsafeMutableRawPointer, length: Int, page: Int, method: String)

  private static func ordinary(_ size: ByteCount, node: Int?) -> Got? {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let length = rounded(size, to: page)
    if let node {
      return numa_alloc_onnode(length, Int32(node)).map { ($0, length, page, "libnuma") }
    }
    return mapped(length, flags: 0).map { ($0, length, page, "mmap") }
  }

  private static func huge(_ size: ByteCount, node: Int?) -> Got? {
    let line = Files.field("Hugepagesize", in: Files.text("/proc/meminfo") ?? "", separator: ":")
    guard let kibibytes = line.flatMap({ $0.split(separator: " ").first }).flatMap({ Int($0) })
    else { return nil }
    let length = rounded(size, to: kibibytes << 10)
    if let address = mapped(length, flags: MAP_HUGETLB) {
      if let node { numa_tonode_memory(address, length, Int32(node)) }
      return (address, length, kibibytes << 10, "mmap with huge pages")
    }
    return transparent(length, page: kibibytes << 10, node: node)
  }

  /// Asks for transparent huge pages, which need no reservation but a mapping aligned to them.
  private static func transparent(_ length: Int, page: Int, node: Int?) -> Got? {
    guard let start = mapped(length + page, flags: 0) else { return nil }
    let head = (page - Int(bitPattern: start) % page) % page
    if head > 0 { munmap(start, head) }
    let address = start + head
    munmap(address + length, page - head)
    if let node { numa_tonode_memory(address, length, Int32(node)) }
    guard madvise(address, length, MADV_HUGEPAGE) == 0 else {
      munmap(address, length)
      return nil
    }
    let small = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (address, length, small, "mmap with transparent huge pages")
  }

  private static func mapped(_ length: Int, flags: Int32) -> UnsafeMutableRawPointer? {
    let address = mmap(
      nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0)
    return address == MAP_FAILED ? nil : address
  }

  private static func rounded(_ size: ByteCount, to page: Int) -> Int {
    (Int(size.count) + page - 1) / page * page
  }
}
