/// Devices that a published list calls supported or blocked.
enum HardwareList {
  /// One device of the list.
  struct Entry {
    /// Vendor and device by number.
    let identifier: String
    let rule: Rule
  }

  enum Rule {
    /// Supported with this driver.
    case supported(driver: String)
    /// Not to be used, for this reason.
    case blocked(reason: String)
  }

  static let source = HostTuning.Source.extensionGuide

  /// As the guide prints it.
  ///
  /// Its driver of 14e4:165f is not the one that Linux binds: that device
  /// is a BCM5720, which tg3 drives (drivers/net/ethernet/broadcom/tg3.c).
  static let entries: [Entry] = [
    Entry(identifier: "8086:1572", rule: .supported(driver: "i40e")),
    Entry(identifier: "14e4:165f", rule: .supported(driver: "bnxt_en")),
    Entry(identifier: "10de:13c0", rule: .blocked(reason: "needs a driver upgrade")),
  ]
}

extension Examination {
  mutating func addDevices(_ devices: [PCIDevice]) {
    addLinks(devices)
    addSRIOV(devices)
    addListed(devices)
  }

  private mutating func addLinks(_ devices: [PCIDevice]) {
    // A bridge's link is that of the device below it.
    let linked = devices.filter { $0.baseClass != PCIDevice.BaseClass.bridge.rawValue }
      .compactMap { device in
        device.link.flatMap { now in device.bestLink.map { (device, now, $0) } }
      }
    if linked.isEmpty { return addAbsent(.link, "no device tells of a PCI Express link") }
    let good = linked.count { !$1.isBelow($2) }
    if good > 0 {
      add(.link, .ok, "\(good) of \(linked.count) devices at the best of their links")
    }
    for (device, now, best) in linked where now.isBelow(best) {
      var found = "\(Self.title(device)): \(now.text), the device can do \(best.text)"
      if let port = device.portLink {
        found += now.isBelow(port) ? ", its slot \(port.text)" : "; its slot gives no more"
      }
      let rests = device.baseClass == PCIDevice.BaseClass.display.rawValue
      if rests { found += "; a GPU at rest lowers its link" }
      add(
        .link, device.address, rests ? .advice : .warning, found,
        remedy: "lspci -vv -s \(device.address) | grep -e LnkCap -e LnkSta")
    }
  }

  private mutating func addSRIOV(_ devices: [PCIDevice]) {
    let capable = devices.filter { ($0.totalVFs ?? 0) > 0 }
    if capable.isEmpty { add(.sriov, .notApplicable, "no device with SR-IOV") }
    for device in capable {
      add(
        .sriov, device.address, .ok,
        "\(Self.title(device)): \(device.currentVFs ?? 0) of \(device.totalVFs ?? 0) virtual "
          + "functions")
    }
  }

  private mutating func addListed(_ devices: [PCIDevice]) {
    let source = HardwareList.source.rawValue
    var isHere = false
    for entry in HardwareList.entries {
      for device in devices where device.identifier == entry.identifier {
        isHere = true
        let title = "\(Self.title(device)) [\(device.identifier)]"
        let look = "lspci -nnk -s \(device.address)"
        switch (entry.rule, device.driver) {
        case (.blocked(let reason), _):
          add(.listed, device.address, .warning, "\(title) is blocked by \(source): \(reason)")
        case (.supported(let expected), nil):
          add(
            .listed, device.address, .warning,
            "\(title) has no driver; \(source) lists \(expected)",
            remedy: "modprobe \(expected)")
        case (.supported(let expected), let driver?) where driver == expected:
          add(.listed, device.address, .ok, "\(title) with \(driver), as \(source) lists it")
        case (.supported(let expected), let driver?):
          add(
            .listed, device.address, .warning,
            "\(title): driver mismatch, the kernel binds \(driver) and \(source) lists \(expected)",
            remedy: look)
        }
      }
    }
    if !isHere {
      add(.listed, .notApplicable, "none of the \(HardwareList.entries.count) devices of \(source)")
    }
  }

  private static func title(_ device: PCIDevice) -> String {
    device.name ?? device.className ?? device.identifier
  }
}
