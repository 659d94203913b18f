import FraguaSource

/// What of a kernel program, its schedule or its plan a message is about.
public enum KernelPlace: Sendable, Hashable {
  /// The head: the program's name, its arguments and results.
  case program
  /// The declaration of the program's buffer of that number.
  case buffer(Int)
  case kernel(Int)
  /// A part of a kernel, by the name that ``KernelPart`` gives it.
  case part(kernel: Int, String)
  case instruction(kernel: Int, part: String, Int)
  case store(kernel: Int, part: String, Int)
  case call(Int)
  case schedule
  /// How a call runs.
  case scheduled(call: Int)
  case barriers
  case plan
  /// Where the program's buffer of that number lies.
  case planned(Int)

  /// What the place is a part of; `nil` of the program.
  fileprivate var enclosing: KernelPlace? {
    switch self {
    case .program: nil
    case .buffer, .kernel, .call, .schedule, .plan: .program
    case .part(let kernel, _): .kernel(kernel)
    case .instruction(let kernel, let part, _), .store(let kernel, let part, _): .part(kernel: kernel, part)
    case .scheduled, .barriers: .schedule
    case .planned: .plan
    }
  }
}

/// Where in its file each thing of a dump stands, so that what checkers find has a line and a column.
public struct KernelPlaces: Sendable {
  private let file: SourceFile
  private var offsets: [KernelPlace: Int] = [:]

  init(_ file: SourceFile) { self.file = file }

  /// Notes that `place` begins at a byte, unless it is known.
  mutating func note(_ place: KernelPlace, atByte offset: Int) {
    if offsets[place] == nil { offsets[place] = offset }
  }

  /// Where `place` stands, or what it is a part of.
  public subscript(place: KernelPlace) -> SourceLocation {
    var wanted: KernelPlace? = place
    while let next = wanted {
      if let offset = offsets[next] { return file.location(ofByte: offset) }
      wanted = next.enclosing
    }
    return file.location(ofByte: 0)
  }
}

/// What a checker finds wrong with a kernel program, its schedule or its plan.
public struct KernelViolation: Sendable, Hashable {
  /// The fact in words, without a place.
  public let message: String
  public let place: KernelPlace

  package init(_ message: String, at place: KernelPlace) {
    self.message = message
    self.place = place
  }

  /// The error that it is, with its place where the program was read.
  public func diagnostic(in places: KernelPlaces?) -> Diagnostic { Diagnostic(message, at: places?[place]) }
}
