/// A virtual function of an NVMe controller, as a scenario asks for it.
public struct VirtualFunctionPlace: Hashable, Codable, Sendable {
  /// The physical function: its PCI address (`0000:17:00.0`), controller (`/dev/nvme0`) or serial.
  public var parent: String
  /// How many functions are made.
  public var functions: Int
  /// Which of them is meant, from 1.
  public var number: Int
  /// I/O queues of each function; nil gives an equal share, at most one a CPU.
  public var queues: Int?
  /// Interrupts of each function; nil gives one a queue, as far as they reach.
  public var interrupts: Int?
  /// Which namespace is used.
  public var namespace: UInt32

  /// Names function `number` of `functions`.
  public init(parent: String, functions: Int, number: Int = 1) {
    self.parent = parent
    self.functions = functions
    self.number = number
    namespace = 1
  }

  /// For messages: `virtual function 1 of 4 of /dev/nvme0`.
  public var text: String { "virtual function \(number) of \(functions) of \(parent)" }

  /// Whether both can be had at once: functions of one device are made and furnished together.
  func goes(with other: VirtualFunctionPlace) -> Bool {
    functions == other.functions && queues == other.queues && interrupts == other.interrupts
  }
}
