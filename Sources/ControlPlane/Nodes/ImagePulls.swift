internal import Measure
internal import Simulation

/// Which images nodes have, and their pulls of those that they lack.
///
/// A kubelet pulls one image at a time, or all at once without `serializeImagePulls`; a pull that
/// the limit `registryPullQPS` does not let through is tried again after the back-off of images
/// (10 s, doubled up to 300 s: `MaxContainerBackOff`). Pods that need an image whose pull is under
/// way wait for the same. The bytes come over the registry's link, which all nodes share; then they
/// are unpacked. A node's link limits each of its pulls for itself. A node that loses its power
/// leaves its transfers to their end.
struct ImagePulls: ~Copyable {
  static let nobody = UInt32.max

  enum State: UInt8 { case waiting, active, refused }

  /// An image on its way to a node.
  struct Pull: BitwiseCopyable {
    let node: UInt32
    let image: UInt16
    let wished: Nanoseconds
    /// Since when it is in its state.
    var since: Nanoseconds
    var state = State.waiting
    var attempts: UInt8 = 0
    /// The next of the same node's, in order.
    var behind = ImagePulls.nobody
    var firstPod = ImagePulls.nobody

    init(node: UInt32, image: UInt16, wished: Nanoseconds) {
      self.node = node
      self.image = image
      self.wished = wished
      since = wished
    }
  }

  /// What pulls spent their time on, ns.
  struct Spent: BitwiseCopyable {
    /// Before others of the same node, one at a time.
    var turn: Int64 = 0
    /// Refused by `registryPullQPS`.
    var refused: Int64 = 0
    /// What a transfer takes alone, and what it took longer.
    var transfer: Int64 = 0
    var shared: Int64 = 0
    var unpacking: Int64 = 0
  }

  /// A pod that waits for a pull.
  struct Waiting: BitwiseCopyable {
    let pod: UInt32
    let behind: UInt32
  }

  let parameters: NodeParameters
  private var pulls = Slab<Pull>(capacity: 16)
  private var waiting = Slab<Waiting>(capacity: 16)
  /// The oldest pull of each node.
  private var first: Table<UInt32>
  private var limiters: Table<TokenBucket>
  /// A bit for each image of each node, in words.
  private var present: Table<UInt64>
  private let words: Int
  private(set) var link: SharedLink
  private(set) var spent = Spent()

  /// For so many nodes; all images are known.
  init(_ parameters: NodeParameters, nodes: Int, images: Int) {
    self.parameters = parameters
    first = Table(repeating: Self.nobody, count: nodes)
    limiters = Table(
      repeating: TokenBucket(rate: parameters.registryPullQPS, burst: parameters.registryBurst),
      count: nodes)
    words = (images + 63) / 64
    present = Table(repeating: 0, count: nodes * words)
    link = SharedLink(
      bytesPerSecond: parameters.registryBytesPerSecond,
      perTransfer: parameters.linkBytesPerSecond,
      event: Event(component: .kubelet, what: Kubelets.Kind.downloaded))
  }

  func has(_ image: UInt16, on node: UInt32) -> Bool {
    image == Workload.noImage
      || present[Int(node) * words + Int(image) / 64] >> UInt64(image % 64) & 1 == 1
  }

  mutating func add(_ image: UInt16, to node: UInt32) {
    guard image != Workload.noImage else { return }
    present[Int(node) * words + Int(image) / 64] |= 1 << UInt64(image % 64)
  }

  /// A machine's disk is new.
  mutating func removeAll(from node: UInt32) {
    for word in 0..<words { present[Int(node) * words + word] = 0 }
  }

  /// Lets `pod` wait until `node` has `image`.
  mutating func want(
    _ image: UInt16, on node: UInt32, for pod: UInt32, _ world: borrowing World,
    _ loop: inout Loop
  ) {
    let number = pull(of: image, node, at: loop.now)
    pulls[number].firstPod = waiting.insert(
      Waiting(pod: pod, behind: pulls[number].firstPod))
    begin(node, world, &loop)
  }

  /// The pull of an image that is under way, or a new one behind the node's others.
  private mutating func pull(
    of image: UInt16, _ node: UInt32, at now: Nanoseconds
  ) -> UInt32 {
    var last = Self.nobody
    var next = first[Int(node)]
    while next != Self.nobody {
      if pulls[next].image == image { return next }
      last = next
      next = pulls[next].behind
    }
    let number = pulls.insert(Pull(node: node, image: image, wished: now))
    if last == Self.nobody {
      first[Int(node)] = number
    } else {
      pulls[last].behind = number
    }
    return number
  }

  /// Begins what the node may pull now.
  private mutating func begin(
    _ node: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    var next = first[Int(node)]
    while next != Self.nobody {
      if pulls[next].state == .active, parameters.serializeImagePulls { return }
      if pulls[next].state == .waiting {
        start(next, world, &loop)
        if parameters.serializeImagePulls, pulls[next].state == .active { return }
      }
      next = pulls[next].behind
    }
  }

  private mutating func start(
    _ number: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    spent.turn += lap(number, loop.now)
    guard limiters[Int(pulls[number].node)].take(at: loop.now) else {
      pulls[number].state = .refused
      let doublings = min(pulls[number].attempts, 5)
      pulls[number].attempts += 1
      return loop.schedule(
        Event(component: .kubelet, what: Kubelets.Kind.pullAgain, index: number),
        after: min(.seconds(300), .seconds(10 << Int64(doublings))))
    }
    pulls[number].state = .active
    link.send(world.images[Int(pulls[number].image)], for: number, &loop)
  }

  /// How long a pull was in its state, which ends.
  private mutating func lap(_ number: UInt32, _ now: Nanoseconds) -> Int64 {
    defer { pulls[number].since = now }
    return (now - pulls[number].since).count
  }

  mutating func tryAgain(_ number: UInt32, _ world: borrowing World, _ loop: inout Loop) {
    spent.refused += lap(number, loop.now)
    pulls[number].state = .waiting
    begin(pulls[number].node, world, &loop)
  }

  /// What has been downloaded is unpacked.
  mutating func downloaded(_ world: borrowing World, _ loop: inout Loop) {
    while let number = link.leave(&loop) {
      let bytes = world.images[Int(pulls[number].image)]
      let unpacking = SharedLink.span(bytes, at: parameters.unpackBytesPerSecond)
      let took = lap(number, loop.now)
      let alone = min(took, link.spanAlone(bytes).count)
      spent.transfer += alone
      spent.shared += took - alone
      spent.unpacking += unpacking.count
      loop.schedule(
        Event(component: .kubelet, what: Kubelets.Kind.unpacked, index: number), after: unpacking)
    }
  }

  /// One of the pods that waited for a pull; nil when all have been given, and the pull is over.
  mutating func takePod(
    of number: UInt32, _ world: inout World, _ loop: inout Loop
  ) -> UInt32? {
    let pull = pulls[number]
    if pull.firstPod != Self.nobody {
      let place = pull.firstPod
      pulls[number].firstPod = waiting[place].behind
      return waiting.remove(place).pod
    }
    world.observations.imagePull.record(UInt64((loop.now - pull.wished).count))
    add(pull.image, to: pull.node)
    unlink(number)
    begin(pull.node, world, &loop)
    return nil
  }

  private mutating func unlink(_ number: UInt32) {
    let pull = pulls.remove(number)
    var next = first[Int(pull.node)]
    guard next != number else {
      first[Int(pull.node)] = pull.behind
      return
    }
    while pulls[next].behind != number { next = pulls[next].behind }
    pulls[next].behind = pull.behind
  }

  /// Lets the registry's link be `factor` times as slow as at first.
  mutating func slowRegistry(by factor: Double, _ loop: inout Loop) {
    link.slow(by: factor, &loop)
  }
}
