public import Measure

/// When kubelets evict pods because their machines run out of memory or disk, by their flags.
///
/// A machine of the model has one disk, so that `imagefs.available` is `nodefs.available`; inodes
/// are not counted. The kubelet's own defaults are 100 MiB of memory and 10 % of the disk
/// (pkg/kubelet/apis/config/v1beta1/defaults_linux.go); here there are none unless they are given,
/// and they matter only where deployments use more than they ask for.
public struct EvictionParameters: Hashable, Codable, Sendable {
  /// `--eviction-hard` `memory.available`: with less, pods go at once; zero is no threshold.
  ///
  /// It is taken off what pods can ask for (Node Allocatable).
  public var hardMemory = ByteCount.zero
  /// `--eviction-hard` `nodefs.available`, as a share of the disk; zero is no threshold.
  public var hardDisk = Fraction(0)
  /// `--eviction-soft` `memory.available`: with less for ``softGrace``, pods go.
  public var softMemory = ByteCount.zero
  /// `--eviction-soft` `nodefs.available`.
  public var softDisk = Fraction(0)
  /// `--eviction-soft-grace-period` of both (the manual's example has 90 s).
  public var softGrace = Nanoseconds.seconds(90)
  /// `--eviction-max-pod-grace-period`: what pods have to end, if a soft threshold is the cause.
  public var podGrace = Nanoseconds.zero
  /// `--eviction-pressure-transition-period`: how long a condition stays after its cause (5 min).
  public var transition = Nanoseconds.seconds(300)

  /// No thresholds.
  public init() {}

  /// Whether there is any threshold.
  public var isOn: Bool {
    max(hardMemory, softMemory) > .zero || max(hardDisk.value, softDisk.value) > 0
  }

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    if softMemory > .zero, softMemory < hardMemory {
      return "a soft threshold of memory below the hard one is never reached"
    }
    if softDisk.value > 0, softDisk < hardDisk {
      return "a soft threshold of the disk below the hard one is never reached"
    }
    return nil
  }
}
