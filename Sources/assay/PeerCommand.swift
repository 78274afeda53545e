import ArgumentParser
import CLinux
import Measure
import Networking

/// `assay peer`.
struct PeerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer",
    abstract: "Be the other side of verbs tests over an RDMA fabric.",
    discussion: """
      Runs of scenarios with a `fabric` system connect to it; it serves one test after another, \
      and several at once, until SIGINT or SIGTERM. There is no authentication and no encryption: \
      whoever reaches the port can use it, its CPUs and its link. Listen on a fabric that you \
      trust. No more memory is registered than --memory says.
      """)

  @Option(
    help: ArgumentHelp("An address of an RDMA device of this machine.", valueName: "address"))
  var address: String

  @Option(help: ArgumentHelp("The port; 0 lets the system choose.", valueName: "port"))
  var port = FabricPeer.standardPort

  @Flag(help: "End when the first test has ended.")
  var once = false

  @Option(
    help: ArgumentHelp("Most memory to register, as in 1GiB.", valueName: "size"))
  var memory = "1GiB"

  @Option(help: ArgumentHelp("Most queue pairs at once.", valueName: "count"))
  var connections = 256

  @Flag(help: "Print what happens as JSON, one object a line.")
  var json = false

  private var memorySize: ByteCount? { try? QuantityText.size(memory) }

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("A port is a number from 0 to 65535.")
    }
    guard (1...4096).contains(connections) else {
      throw ValidationError("--connections is a number from 1 to 4096.")
    }
    guard let size = memorySize, size >= .kibibytes(64) else {
      throw ValidationError("--memory is a size of at least 64KiB, such as 1GiB.")
    }
  }

  func run() throws {
    cl_install_stop_signals()
    var server = PeerServer(address: address)
    server.port = port
    server.once = once
    server.connections = connections
    if let memorySize { server.memory = memorySize }
    do throws(FabricError) {
      try server.serve(tell: tell, shouldStop: { cl_stop_requested() != 0 })
    } catch {
      throw Output.fail([error.description], .unavailable)
    }
  }

  /// A line of `--json`.
  private struct Line: Encodable {
    var event: String
    var address: String?
    var port: Int?
    var peer: String?
    var reason: String?
    var served: PeerServer.Served?
  }

  private func tell(_ event: PeerServer.Event) {
    switch event {
    case .listening(let port):
      Output.note("listening on \(address), port \(port)")
      write(Line(event: "listening", address: address, port: port))
    case .probed(let peer): write(Line(event: "probed", peer: peer))
    case .refused(let peer, let reason):
      Output.note("\(peer): refused: \(reason)")
      write(Line(event: "refused", peer: peer, reason: reason))
    case .served(let served):
      let size = ByteCount(Int64(served.messageSizeBytes)).text
      let end = served.failure ?? "done"
      Output.note(
        "\(served.peer): \(served.operation.rawValue) \(served.measure.rawValue), \(size), "
          + "\(counted(Int(clamping: served.messages), "message")) seen here: \(end)")
      write(Line(event: "served", served: served))
    }
  }

  private func write(_ line: Line) {
    guard json else { return }
    Output.jsonLine(line)
  }
}
