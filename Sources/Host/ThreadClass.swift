/// Names kernel threads by what they do, without the CPU, device or instance they do it for.
enum ThreadClass {
  /// The class of a thread's name.
  ///
  /// - `kworker/0:1H-kblockd` -> `kworker`: what stands behind the hyphen is only the work of this
  ///   moment or the last, so it cannot carry a sum over a window;
  /// - `ksoftirqd/1` -> `ksoftirqd`, `jbd2/vda-8` -> `jbd2`: behind a slash is the instance;
  /// - `irq/24-nvme0q5` -> `irq/nvme`, `irq/61-mlx5_comp3@pci:…` -> `irq/mlx5_comp`: the handler;
  /// - `rbd0-tasks` -> `rbd`, `md127_raid5` -> `md`, `kswapd0` -> `kswapd`, `scsi_eh_2` ->
  ///   `scsi_eh`, `iou-wrk-4711` -> `iou-wrk`: an instance number and what follows it;
  /// - `nvme-wq`, `rcu_preempt` -> themselves.
  static func name(of thread: String) -> String {
    if thread.hasPrefix("kworker/") { return "kworker" }
    if thread.hasPrefix("irq/") {
      let action = thread.dropFirst(4).drop { $0.isNumber }.drop { $0 == "-" }
      return "irq/" + handler(action)
    }
    if let slash = thread.firstIndex(of: "/"), slash != thread.startIndex {
      return String(thread[..<slash])
    }
    return withoutInstance(thread[...])
  }

  /// The driver's part of an interrupt's name: without address, queue and instance numbers.
  private static func handler(_ action: Substring) -> String {
    var name = action.prefix { $0 != "@" }
    let bare = dropDigits(name)
    // "nvme0q5": device 0, queue 5.
    if bare.count < name.count, bare.last == "q", bare.dropLast().last?.isNumber == true {
      name = dropDigits(bare.dropLast())
    } else {
      name = bare
    }
    while let last = name.last, "-_.:".contains(last) { name = name.dropLast() }
    return String(name.isEmpty ? action : name)
  }

  /// Cuts at the first number that ends the name or a part of it ("rbd0-tasks", "kdamond.0");
  /// numbers within a word belong to it ("mlx5_health"), save the md driver's.
  private static func withoutInstance(_ thread: Substring) -> String {
    var index = thread.startIndex
    while let digit = thread[index...].firstIndex(where: \.isNumber) {
      let end = thread[digit...].firstIndex { !$0.isNumber } ?? thread.endIndex
      let head = thread[..<digit]
      let ends = end == thread.endIndex || "-.:".contains(thread[end])
      if !head.isEmpty, ends || head == "md" {
        var name = head
        while let last = name.last, "-_.:".contains(last) { name = name.dropLast() }
        return String(name.isEmpty ? thread : name)
      }
      index = end
    }
    return String(thread)
  }

  private static func dropDigits(_ text: Substring) -> Substring {
    var text = text
    while text.last?.isNumber == true { text = text.dropLast() }
    return text
  }
}
