extension Examination {
  mutating func addPlatform() {
    addVirtualisation()
    addSecureBoot()
    addTPM()
    addFirmware()
    addIOMMU()
  }

  private mutating func addVirtualisation() {
    guard machine.isVirtual else {
      return add(.virtualisation, .ok, "no hypervisor seen")
    }
    let product = ["sys_vendor", "product_name"]
      .compactMap { machine.value("/sys/class/dmi/id/\($0)") }.joined(separator: " ")
    add(
      .virtualisation, .advice,
      "a virtual machine" + (product.isEmpty ? "" : " (\(product))")
        + ": disk figures are of the virtual disk and its hypervisor's cache, not of hardware")
  }

  private mutating func addSecureBoot() {
    guard machine.exists("/sys/firmware/efi") else {
      return add(
        .secureBoot, machine.isVirtual ? .notApplicable : .advice,
        "not booted by UEFI (no /sys/firmware/efi)")
    }
    // The global variable of the UEFI specification 2.10, section 3.3; efivarfs puts four bytes of
    // attributes before the value.
    let variable = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    guard let bytes = machine.bytes("/sys/firmware/efi/efivars/\(variable)"), bytes.count == 5
    else {
      return add(.secureBoot, .unknown, "the variable SecureBoot cannot be read")
    }
    let isOn = bytes[4] == 1
    add(
      .secureBoot, isOn ? .ok : .advice,
      (isOn ? "on" : "off") + "; recommended by \(HostTuning.Source.extensionGuide.rawValue)",
      remedy: "systemctl reboot --firmware-setup")
  }

  private mutating func addTPM() {
    let source = HostTuning.Source.extensionGuide.rawValue
    let chips = machine.names(in: "/sys/class/tpm").filter { $0.hasPrefix("tpm") }
    guard let chip = chips.first else {
      return add(
        .tpm, machine.isVirtual ? .notApplicable : .advice, "none; 2.0 recommended by \(source)",
        remedy: "systemctl reboot --firmware-setup")
    }
    switch machine.integer("/sys/class/tpm/\(chip)/tpm_version_major") {
    case nil: add(.tpm, .unknown, "\(chip), of an unknown version")
    case 2?: add(.tpm, .ok, "\(chip), version 2.0")
    case let version?:
      add(.tpm, .advice, "\(chip), version \(version); 2.0 recommended by \(source)")
    }
  }

  private mutating func addFirmware() {
    let parts = ["bios_vendor", "bios_version", "bios_date"]
      .compactMap { machine.value("/sys/class/dmi/id/\($0)") }
    guard !parts.isEmpty else {
      return addAbsent(.firmware, "not told (no DMI)")
    }
    add(
      .firmware, .unknown,
      parts.joined(separator: " ") + "; only its vendor knows whether that is the newest")
  }

  private mutating func addIOMMU() {
    let folder = "/sys/kernel/iommu_groups"
    let groups = machine.names(in: folder)
    let words = machine.commandLine.filter { $0.contains("iommu") }
    let given = words.isEmpty ? "" : "; kernel command line: \(words.joined(separator: " "))"
    guard !groups.isEmpty else {
      let isIntel = machine.field("vendor_id", of: "/proc/cpuinfo") == "GenuineIntel"
      let argument = (isIntel ? "intel_iommu=on " : "") + "iommu=pt"
      return add(
        .iommu, machine.isVirtual ? .notApplicable : .advice, "no IOMMU groups\(given)",
        remedy: "grubby --update-kernel=ALL --args=\"\(argument)\"")
    }
    let types = groups.compactMap { machine.value("\(folder)/\($0)/type") }
    let translated = types.count { $0.hasPrefix("DMA") }
    let asked = words.contains("iommu=pt") || words.contains("iommu.passthrough=1")
    guard !types.isEmpty || asked else {
      return add(.iommu, .unknown, "\(groups.count) groups, of unknown type\(given)")
    }
    add(
      .iommu, translated == 0 ? .ok : .advice,
      "\(groups.count) groups, \(translated) of them translated, the others passed through\(given)",
      remedy: "grubby --update-kernel=ALL --args=\"iommu=pt\"")
  }
}
