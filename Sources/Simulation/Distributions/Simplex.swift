/// The search for a minimum without derivatives of Nelder & Mead (The Computer Journal 7, 1965).
public enum Simplex {
  /// A place near which `value` is least, from `start` with first steps of `step`.
  ///
  /// Ends when the corners agree to 1e-12 of their value or after so many steps; a local minimum.
  public static func minimum(
    from start: [Double], step: Double, mostSteps: Int = 2000, of value: ([Double]) -> Double
  ) -> (place: [Double], value: Double) {
    var corners = [(place: start, value: value(start))]
    for axis in start.indices {
      var place = start
      place[axis] += step
      corners.append((place, value(place)))
    }
    let worst = corners.count - 1
    for _ in 0..<mostSteps {
      // Sorting is stable, so that ties fall alike everywhere.
      corners.sort { $0.value < $1.value }
      guard corners[worst].value - corners[0].value > 1e-12 * abs(corners[0].value) + 1e-15 else {
        break
      }
      let center = start.indices.map { axis in
        corners[..<worst].reduce(0) { $0 + $1.place[axis] } / Double(worst)
      }
      func moved(_ factor: Double) -> (place: [Double], value: Double) {
        let place = start.indices.map { axis in
          center[axis] + factor * (corners[worst].place[axis] - center[axis])
        }
        return (place, value(place))
      }
      let reflected = moved(-1)
      if reflected.value < corners[0].value {
        let expanded = moved(-2)
        corners[worst] = expanded.value < reflected.value ? expanded : reflected
      } else if reflected.value < corners[worst - 1].value {
        corners[worst] = reflected
      } else {
        let contracted = moved(reflected.value < corners[worst].value ? -0.5 : 0.5)
        if contracted.value < min(reflected.value, corners[worst].value) {
          corners[worst] = contracted
        } else {
          for corner in 1...worst {
            let place = zip(corners[corner].place, corners[0].place).map { ($0 + $1) / 2 }
            corners[corner] = (place, value(place))
          }
        }
      }
    }
    return corners.min { $0.value < $1.value } ?? corners[0]
  }
}
