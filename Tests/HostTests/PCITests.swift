import Foundation
import TestSupport
import Testing

@testable import Host

@Suite struct PCITests {
  private let tree: MachineTree

  init() throws { tree = try MachineTree() }

  private func check(_ id: ReadinessID, _ address: String) -> ReadinessCheck? {
    tree.check(id, address)
  }

  @Test func aLinkBelowItsBestIsAWarningThatTellsWhoseFaultItIs() throws {
    try tree.writeDevice(
      "0000:17:00.0", "15b3:a2d6", driver: "mlx5_core",
      lanes: .init(speed: "8.0 GT/s PCIe", width: 4))
    let low = try #require(check(.link, "0000:17:00.0"))
    #expect(low.state == .warning)
    #expect(
      low.found.hasSuffix(
        "x4 at 8.0 GT/s, the device can do x8 at 16.0 GT/s, its slot x8 at 16.0 GT/s"),
      "\(low.found)")

    try tree.writeDevice(
      "0000:18:00.0", "15b3:a2d6", driver: "mlx5_core",
      lanes: .init(speed: "8.0 GT/s PCIe"),
      port: .init(speed: "8.0 GT/s PCIe", bestSpeed: "8.0 GT/s PCIe"))
    #expect(check(.link, "0000:18:00.0")?.found.hasSuffix("its slot gives no more") == true)
  }

  @Test func aGraphicsProcessorAtRestIsNoFault() throws {
    try tree.writeDevice(
      "0000:65:00.0", "10de:2204", classCode: "0x030000", driver: "nvidia",
      lanes: .init(speed: "2.5 GT/s PCIe"))
    #expect(check(.link, "0000:65:00.0")?.state == .advice)
  }

  @Test func linksAtTheirBestAreCounted() throws {
    try tree.writeDevice("0000:17:00.0", "8086:1572", driver: "i40e")
    // No link: "Unknown" and a width of 255 are what the kernel writes there.
    try tree.writeDevice(
      "0000:00:1f.0", "8086:a0c8", classCode: "0x060100", driver: nil,
      lanes: .init(speed: "Unknown", width: 255))
    let found = tree.check(.link)
    #expect(found?.found == "1 of 1 devices at the best of their links" && found?.state == .ok)
  }

  @Test func theHardwareListIsHeldAgainstDrivers() throws {
    try tree.writeDevice("0000:17:00.0", "8086:1572", driver: "i40e")
    try tree.writeDevice("0000:19:00.0", "14e4:165f", driver: "tg3")
    try tree.writeDevice("0000:1a:00.0", "8086:1572", driver: nil)
    try tree.writeDevice(
      "0000:65:00.0", "10de:13c0", classCode: "0x030000", driver: "nouveau")
    #expect(check(.listed, "0000:17:00.0")?.state == .ok)
    let mismatch = try #require(check(.listed, "0000:19:00.0"))
    #expect(mismatch.state == .warning)
    #expect(
      mismatch.found.contains("driver mismatch, the kernel binds tg3 and S0 lists bnxt_en"),
      "\(mismatch.found)")
    #expect(check(.listed, "0000:1a:00.0")?.remedy == "modprobe i40e")
    let blocked = try #require(check(.listed, "0000:65:00.0"))
    #expect(blocked.state == .warning)
    #expect(blocked.found.hasSuffix("is blocked by S0: needs a driver upgrade"))
  }

  @Test func namesComeFromTheListOfIdentifiers() throws {
    try tree.write(
      "/usr/share/hwdata/pci.ids",
      """
      # a comment
      8086  Intel Corporation
      \t1572  Ethernet Controller X710 for 10GbE SFP+
      \t\t8086 0001  Ethernet Converged Network Adapter X710-4
      14e4  Broadcom Inc. and subsidiaries
      \t1572  not ours
      C 02  Network controller
      \t00  Ethernet controller

      """)
    try tree.writeDevice(
      "0000:17:00.0", "8086:1572", driver: "i40e",
      files: ["sriov_totalvfs": "64", "sriov_numvfs": "8"])
    try tree.writeDevice("0000:18:00.0", "8086:ffff", driver: nil, lanes: nil)
    let devices = PCIDevice.all(in: tree.machine)
    #expect(devices.map(\.address) == ["0000:17:00.0", "0000:18:00.0"])
    let first = devices[0]
    #expect(first.name == "Intel Corporation Ethernet Controller X710 for 10GbE SFP+")
    #expect(first.className == "Ethernet controller" && first.driver == "i40e")
    #expect(first.numaNode == 1 && first.totalVFs == 64 && first.currentVFs == 8)
    #expect(devices[1].name == "Intel Corporation" && devices[1].link == nil)
    #expect(
      check(.sriov, "0000:17:00.0")?.found.hasSuffix("8 of 64 virtual functions") == true)
  }

  @Test(Requires.tool("lspci")) func thisMachinesDevicesAreThoseOfLspci() throws {
    let listed = try Command.run(["lspci", "-Dn"]).checked().stdout
      .split(separator: "\n").map { line in
        line.split(separator: " ").map(String.init)
      }
    let ours = PCIDevice.all(in: MachineFiles())
    #expect(ours.map(\.address) == listed.map { $0[0] })
    #expect(ours.map(\.identifier) == listed.map { $0[2] })
  }
}
