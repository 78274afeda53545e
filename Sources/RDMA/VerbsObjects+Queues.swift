internal import CVerbs
internal import Glibc

extension VerbsObjects {
  /// What a queue pair works with.
  struct Queues {
    var queue: UnsafeMutablePointer<ibv_qp>
    var completions: UnsafeMutablePointer<ibv_cq>
    var inlineBytes: Int
  }

  /// Makes protection domain, completion queue and queue pair on the identifier's device.
  func makeQueues(
    on context: UnsafeMutablePointer<ibv_context>, device: RDMADevice, options: QueuePair.Options
  ) throws(RDMAError) -> Queues {
    let place = "on RDMA device \(device.name)"
    let entries = options.sendEntries + options.receiveEntries
    try check(max(options.sendEntries, options.receiveEntries), device.largestQueue, "queue", place)
    try check(entries, device.largestCompletionQueue, "completion queue", place)
    domain = ibv_alloc_pd(context)
    guard domain != nil else { throw .failed("making a protection domain \(place)", code: errno) }
    interrupts = ibv_create_comp_channel(context)
    guard let interrupts, cv_make_nonblocking(interrupts.pointee.fd) == 0 else {
      throw .failed("making a completion channel \(place)", code: errno)
    }
    completions = ibv_create_cq(context, Int32(entries), nil, interrupts, 0)
    guard let completions else {
      throw .failed("making a completion queue of \(entries) entries \(place)", code: errno)
    }
    let (queue, inline) = try makeQueuePair(completions, options, place)
    return Queues(queue: queue, completions: completions, inlineBytes: inline)
  }

  /// Asks for inline data, and without it where the device refuses.
  private func makeQueuePair(
    _ completions: UnsafeMutablePointer<ibv_cq>, _ options: QueuePair.Options, _ place: String
  ) throws(RDMAError) -> (UnsafeMutablePointer<ibv_qp>, inlineBytes: Int) {
    guard let identifier else { preconditionFailure("no identifier yet") }
    for inlineBytes in options.inlineBytes > 0 ? [options.inlineBytes, 0] : [0] {
      var wish = ibv_qp_init_attr()
      wish.send_cq = completions
      wish.recv_cq = completions
      wish.qp_type = IBV_QPT_RC
      wish.cap.max_send_wr = UInt32(options.sendEntries)
      wish.cap.max_recv_wr = UInt32(options.receiveEntries)
      wish.cap.max_send_sge = UInt32(QueuePair.segmentsPerSend)
      wish.cap.max_recv_sge = 1
      wish.cap.max_inline_data = UInt32(inlineBytes)
      guard rdma_create_qp(identifier, domain, &wish) == 0 else { continue }
      guard let queue = identifier.pointee.qp else { break }
      hasQueuePair = true
      return (queue, min(inlineBytes, Int(wish.cap.max_inline_data)))
    }
    throw .failed(
      "making a queue pair of \(options.sendEntries) sends and \(options.receiveEntries) receives "
        + place, code: errno)
  }

  private func check(
    _ wanted: Int, _ most: Int, _ what: String, _ place: String
  ) throws(RDMAError) {
    guard wanted > most else { return }
    throw RDMAError(
      "a \(what) of \(wanted) entries is more than the \(most) possible \(place)",
      hint: "use a smaller queue depth, and more jobs", cause: .other(errno: EINVAL))
  }
}
