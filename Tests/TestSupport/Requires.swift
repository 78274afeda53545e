internal import CLinux
internal import Foundation
public import Testing

/// What a test needs of the machine; where it is missing, the test is reported as skipped.
///
///     @Test(Requires.root, Requires.tool("fio")) func fioAgrees() throws { … }
///     @Suite(.serialized, Requires.loopDevices) struct Discards { … }
public enum Requires {
  /// The user is root.
  public static var root: ConditionTrait {
    .enabled("needs root") { isRoot }
  }

  /// A program is installed; `scripts/setup --test` installs those our tests use.
  public static func tool(_ name: String) -> ConditionTrait {
    .enabled("needs \(name): scripts/setup --test") { Command.path(of: name) != nil }
  }

  /// A module can be imported by python3, such as scipy, the oracle of the statistics.
  public static func python(_ module: String) -> ConditionTrait {
    .enabled("needs python3 with \(module): apt-get install python3-\(module)") {
      let command = try? Command.run(["python3", "-c", "import \(module)"])
      return command?.status == 0
    }
  }

  /// Loop devices can be attached: root, and a kernel and container that let it.
  public static var loopDevices: ConditionTrait {
    .enabled("needs loop devices: root and a usable /dev/loop-control") { canAttachLoopDevices }
  }

  /// Compressed RAM disks can be added: root and the zram module.
  public static var zram: ConditionTrait {
    .enabled("needs zram: root and `modprobe zram`") {
      isRoot && access("/sys/class/zram-control/hot_add", R_OK) == 0
    }
  }

  /// Guests can be booted: root, and scripts/lab prepared or preparable.
  public static var lab: ConditionTrait {
    .enabled("needs the lab: `scripts/lab prepare` as root, on Debian 12") { canRunLab }
  }

  /// The kernel lets this process set up an io_uring.
  public static var ioUring: ConditionTrait {
    .enabled("needs io_uring: Linux 5.6 or later, kernel.io_uring_disabled=0, no seccomp filter") {
      canSetUpRing
    }
  }

  /// At least so many processors may be used.
  public static func processors(_ count: Int) -> ConditionTrait {
    .enabled("needs \(count) processors") {
      ProcessInfo.processInfo.activeProcessorCount >= count
    }
  }

  /// The build is optimised, as a test of speed must have it.
  public static var release: ConditionTrait {
    .enabled("needs an optimised build: swift test -c release -Xswiftc -enable-testing") {
      isRelease
    }
  }

  /// An environment variable is set, for what is too slow or too rare to run always.
  public static func variable(_ name: String) -> ConditionTrait {
    .enabled("runs only if \(name) is set") {
      ProcessInfo.processInfo.environment[name]?.isEmpty == false
    }
  }

  /// Whether the tests are built optimised.
  public static var isRelease: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  /// Whether the user is root.
  public static var isRoot: Bool { geteuid() == 0 }

  /// Tried once, on a file of 1 MiB: asking is the only sure way.
  private static let canAttachLoopDevices =
    isRoot && Command.path(of: "losetup") != nil && (try? LoopDevice(bytes: 1 << 20)) != nil

  /// A lab that cannot be had here is one thing (EX_UNAVAILABLE); one that fails is for its tests.
  private static let canRunLab: Bool = {
    guard isRoot else { return false }
    let preparation = try? Command.run([Checkout.folder + "/scripts/lab", "prepare"])
    return preparation.map { $0.status != 69 } ?? false
  }()

  private static let canSetUpRing: Bool = {
    var parameters = io_uring_params()
    let ring = cl_io_uring_setup(2, &parameters)
    if ring >= 0 { close(ring) }
    return ring >= 0
  }()
}

extension ConditionTrait {
  /// `.enabled(if:)` with the reason first and the condition as a closure.
  fileprivate static func enabled(
    _ reason: String, _ condition: @escaping @Sendable () -> Bool
  ) -> ConditionTrait {
    .enabled(if: condition(), Comment(rawValue: reason))
  }
}
