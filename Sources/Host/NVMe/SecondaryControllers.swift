internal import CLinux
internal import Glibc

/// The controller behind a virtual function, as its primary controller tells of it
/// (NVMe Base Specification 2.0, Figure 290).
struct SecondaryController: Hashable {
  /// Number in the subsystem (SCID).
  var number: UInt16
  /// Whether it may be used (SCS bit 0).
  var isOnline: Bool
  /// Number of the virtual function, from 1 (VFN).
  var function: Int
  /// Flexible queues assigned to it, the admin queue among them (NVQ).
  var queues: UInt16
  /// Flexible interrupts assigned to it (NVI).
  var interrupts: UInt16

  /// Decodes the 4096 bytes of the Secondary Controller List.
  static func list(_ bytes: [UInt8]) -> [SecondaryController] {
    let data = NVMeData(bytes)
    // Entries of 32 bytes follow a head of 32: no more than 127 have room.
    return (0..<min(Int(data.byte(0)), 127)).map { index in
      let entry = 32 + index * 32
      return SecondaryController(
        number: UInt16(data.number(entry, 2)), isOnline: data.byte(entry + 4) & 1 != 0,
        function: Int(data.number(entry + 8, 2)), queues: UInt16(data.number(entry + 10, 2)),
        interrupts: UInt16(data.number(entry + 12, 2)))
    }
  }
}

/// What a primary controller can give to its virtual functions
/// (NVMe Base Specification 2.0, Figure 289).
struct FlexibleResources: Hashable {
  /// One kind of resource.
  struct Supply: Hashable {
    /// Flexible resources in all.
    var total: Int
    /// Most that one function may have.
    var most: Int

    /// An equal share for each of `functions`.
    func share(of functions: Int) -> Int { min(most, total / max(functions, 1)) }
  }

  /// Queues; nil where they are fixed.
  var queues: Supply?
  /// Interrupts; nil where they are fixed.
  var interrupts: Supply?

  /// Decodes the 4096 bytes of Primary Controller Capabilities.
  init(data bytes: [UInt8]) {
    let data = NVMeData(bytes)
    // Flexible total at 32 and 64, most of a secondary controller 12 bytes further.
    let supply = { (bit: UInt8, offset: Int) -> Supply? in
      guard data.byte(4) & bit != 0 else { return nil }
      return Supply(
        total: Int(data.number(offset, 4)), most: Int(data.number(offset + 12, 2)))
    }
    queues = supply(1, 32)
    interrupts = supply(2, 64)
  }

  /// In words, for a message.
  var text: String {
    let words = { (supply: Supply?, name: String) in
      supply.map { "\($0.total) \(name), at most \($0.most) a function" }
        ?? "\(name) that are fixed"
    }
    return "it has " + words(queues, "queues") + ", and " + words(interrupts, "interrupts")
  }
}

extension NVMeAdmin {
  /// What is done to a secondary controller.
  private enum Action: UInt8 {
    case offline = 7
    case assign = 8
    case online = 9
  }

  /// What can be assigned.
  enum Resource: UInt8 {
    case queues = 0
    case interrupts = 1
  }

  /// Whether it takes Virtualization Management (OACS bit 7).
  func managesSecondaryControllers() throws(HostError) -> Bool {
    NVMeData(try identify(.controller)).byte(256) & 0x80 != 0
  }

  /// The controllers behind its virtual functions, also those that are not there.
  func secondaryControllers() throws(HostError) -> [SecondaryController] {
    SecondaryController.list(try identify(.secondaryControllers))
  }

  /// What controller `number`, this one, can give to its virtual functions.
  func flexibleResources(of number: UInt16) throws(HostError) -> FlexibleResources {
    FlexibleResources(data: try identify(.primaryCapabilities, controller: number))
  }

  /// Takes a secondary controller out of service; its resources can be assigned then.
  func takeOffline(_ controller: UInt16) throws(HostError) {
    try manage(.offline, controller, .queues, 0, "take controller \(controller) offline")
  }

  /// Brings a secondary controller into service.
  func bringOnline(_ controller: UInt16) throws(HostError) {
    try manage(.online, controller, .queues, 0, "bring controller \(controller) online")
  }

  /// Gives a secondary controller that is offline so many resources.
  func assign(
    _ count: UInt16, _ resource: Resource, to controller: UInt16
  ) throws(HostError) {
    try manage(
      .assign, controller, resource, count,
      "assign \(count) \(resource) to controller \(controller)")
  }

  /// Gives controllers what they had, and tells how many had something else.
  func restore(_ previous: [SecondaryControllersChange.Resources]) throws(HostError) -> Int {
    var changed = 0
    let now = try secondaryControllers()
    for old in previous {
      guard let controller = now.first(where: { $0.number == old.controller }),
        controller.queues != old.queues || controller.interrupts != old.interrupts
      else { continue }
      try takeOffline(old.controller)
      if controller.queues != old.queues { try assign(old.queues, .queues, to: old.controller) }
      if controller.interrupts != old.interrupts {
        try assign(old.interrupts, .interrupts, to: old.controller)
      }
      changed += 1
    }
    return changed
  }

  private func manage(
    _ action: Action, _ controller: UInt16, _ resource: Resource, _ count: UInt16, _ words: String
  ) throws(HostError) {
    var result: UInt32 = 0
    let status = cl_nvme_secondary_controller(
      file, action.rawValue, controller, resource.rawValue, count, 10_000, &result)
    if status == 0 { return }
    guard status > 0 else { throw .refused(path, words, code: errno) }
    throw HostError(path, "cannot \(words): \(VirtualizationStatus.text(status))")
  }
}

/// What Virtualization Management answers (NVMe Base Specification 2.0, Figures 97 and 328).
enum VirtualizationStatus {
  /// A status in words, with its number; bits 10:0 are code and type, those above say how final.
  static func text(_ status: Int32) -> String {
    let words: String? =
      switch status & 0x7FF {
      case 0x001: "the controller does not know the command"
      case 0x002: "the controller does not take these values"
      case 0x11F: "there is no such controller"
      case 0x120: "the controller is not in a state for it"
      case 0x121: "it does not have so many resources to give"
      case 0x122: "it has no such kind of resource"
      default: nil
      }
    return (words.map { $0 + ", " } ?? "") + "NVMe status \(String(status, radix: 16))h"
  }
}
