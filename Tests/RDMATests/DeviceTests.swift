import RDMA
import Testing

struct DeviceTests {
  @Test func aNumericAddressResolvesWithoutAName() throws {
    #expect("\(try RDMAAddress(host: "192.0.2.7", port: 4420))" == "192.0.2.7:4420")
    #expect("\(try RDMAAddress(host: "fe80::1", port: 1))" == "[fe80::1]:1")
  }
}
