public import Calibration
internal import ControlPlane
internal import Measure

/// x
public enum EtcdFit {
  static func takes(_ point: EtcdPoint, of calibration: EtcdCalibration) -> Bool { false }
  /// x
  public static func model(of c: EtcdCalibration, atOnce: Int, tell: (String)->Void) async throws -> EtcdModel { fatalError() }
}
