import ArgumentParser

/// `assay calibrate`.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measure real parts of a control plane, for the simulator to be fitted on.",
    subcommands: [CalibrateControlPlaneCommand.self])
}
