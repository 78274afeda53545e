/// Who a disk is and what it hangs on, from its folder in sysfs.
///
/// Attribute names are those of drivers/nvme/host/sysfs.c, drivers/scsi/scsi_sysfs.c,
/// drivers/block/virtio_blk.c and Documentation/ABI/testing/sysfs-bus-pci.
struct SysfsDisk {
  /// The disk's folder, links resolved.
  let directory: String
  /// The hardware device the disk is made of; nil for virtual disks.
  let device: String?
  /// NVMe controllers leading to the disk.
  let controllers: [NVMeController]
  private let controllerDirectories: [String]

  init(directory: String) {
    self.directory = directory
    let device = Files.resolved(directory + "/device")
    self.device = device
    controllerDirectories = Self.controllerDirectories(device)
    controllers = controllerDirectories.map(Self.controller)
  }

  /// A namespace's device is its controller, or with native multipath the subsystem, which lists
  /// its controllers as links `nvme0`, `nvme1`, ...
  private static func controllerDirectories(_ device: String?) -> [String] {
    guard let device else { return [] }
    let name = Files.lastPart(device)
    if name.hasPrefix("nvme-subsys") {
      return Files.names(in: device)
        .filter { name in
          name.hasPrefix("nvme") && name.dropFirst(4).allSatisfy(\.isNumber) && name.count > 4
        }
        .compactMap { Files.resolved("\(device)/\($0)") }
    }
    return name.hasPrefix("nvme") && Files.exists(device + "/cntlid") ? [device] : []
  }

  private static func controller(_ directory: String) -> NVMeController {
    NVMeController(
      name: Files.lastPart(directory),
      state: Files.value(directory + "/state"),
      transport: Files.value(directory + "/transport"),
      address: Files.value(directory + "/address"),
      subsystemNQN: Files.value(directory + "/subsysnqn"),
      queueCount: Files.integer(directory + "/queue_count").map { Int($0) },
      numaNode: Files.integer(directory + "/numa_node").flatMap { $0 >= 0 ? Int($0) : nil })
  }

  /// Product name: NVMe and SCSI call it `model` (SCSI with the vendor beside it), MMC `name`.
  var model: String? {
    guard let device else { return nil }
    guard let model = Files.value(device + "/model") ?? Files.value(device + "/name") else {
      return nil
    }
    guard let vendor = Files.value(device + "/vendor"), !vendor.hasPrefix("0x"), vendor != "ATA"
    else { return model }
    return "\(vendor) \(model)"
  }

  /// Serial number: NVMe and MMC in `serial`, virtio on the disk itself, SCSI in page 0x80 of its
  /// vital product data behind a header of 4 bytes (SPC-4, 7.8.14).
  var serial: String? {
    if let device, let serial = Files.value(device + "/serial") { return serial }
    if let serial = Files.value(directory + "/serial") { return serial }
    guard let device, let page = Files.bytes(device + "/vpd_pg80"), page.count > 4 else {
      return nil
    }
    let text = Files.trimmed(String(decoding: page[4...], as: UTF8.self))
    return text.isEmpty ? nil : text
  }

  /// World-wide identifier; device mapper and md give their UUID.
  var wwid: String? {
    let places = [
      directory + "/wwid", (device ?? directory) + "/wwid", directory + "/dm/uuid",
      directory + "/md/uuid",
    ]
    return places.lazy.compactMap { Files.value($0) }.first
  }

  /// Firmware revision: `firmware_rev` of NVMe, `rev` of SCSI.
  var firmware: String? {
    guard let device else { return nil }
    return Files.value(device + "/firmware_rev") ?? Files.value(device + "/rev")
  }

  /// How the disk is connected, from its driver's own word, its place in the device tree, or the
  /// driver's name for virtual disks.
  var transport: String? {
    if let transport = controllers.lazy.compactMap(\.transport).first { return "nvme-" + transport }
    let parts = (device ?? directory).split(separator: "/").map(String.init)
    if device != nil {
      let isBelow = { (prefix: String) in parts.contains { $0.hasPrefix(prefix) } }
      if isBelow("usb") { return "usb" }
      if isBelow("session") { return "iscsi" }
      if isBelow("end_device-") { return "sas" }
      if isBelow("rport-") { return "fc" }
      if isBelow("ata") { return "sata" }
      if isBelow("virtio") { return parts.last?.contains(":") == true ? "virtio-scsi" : "virtio" }
      if isBelow("mmc") { return "mmc" }
    }
    let name = Files.lastPart(directory)
    let kind = name.prefix { $0.isLetter }
    let isVirtual = directory.hasPrefix("/sys/devices/virtual/") || kind == "rbd"
    return isVirtual && !kind.isEmpty ? String(kind == "dm" ? "device-mapper" : kind) : nil
  }

  /// NUMA node of the nearest ancestor that names one.
  var numaNode: Int? {
    ancestor(with: "numa_node").flatMap { Files.integer($0 + "/numa_node") }
      .flatMap { $0 >= 0 ? Int($0) : nil }
  }

  /// The PCI Express link of the nearest ancestor that has one.
  var link: PCIeLink? {
    guard let place = ancestor(with: "current_link_speed") else { return nil }
    // "8.0 GT/s PCIe", or "Unknown" on emulated ports; a width of 0 is no link either.
    let speed = { (name: String) in
      Files.value("\(place)/\(name)").flatMap { $0.split(separator: " ").first }
        .flatMap { Double($0) }
    }
    let width = { (name: String) in
      Files.integer("\(place)/\(name)").flatMap { $0 > 0 && $0 < 255 ? Int($0) : nil }
    }
    let link = PCIeLink(
      address: Files.lastPart(place),
      currentSpeed: speed("current_link_speed"), maximumSpeed: speed("max_link_speed"),
      currentWidth: width("current_link_width"), maximumWidth: width("max_link_width"))
    let isKnown = link.currentSpeed != nil || link.currentWidth != nil
    return isKnown ? link : nil
  }

  private func ancestor(with file: String) -> String? {
    guard var place = controllerDirectories.first ?? device else { return nil }
    while place.count > 1 {
      if Files.exists("\(place)/\(file)") { return place }
      place = Files.parent(place)
    }
    return nil
  }
}
