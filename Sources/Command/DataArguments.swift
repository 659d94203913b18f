import Fragua

/// `NAME=SOURCE` from the command line: a function's argument, and a file or numbers to take it from.
struct DataArgument {
  /// Where the data come from.
  enum Origin {
    case source(DataSource)
    case literal(TensorLiteral)
  }

  /// The argument's name, without the `%`.
  let name: String
  let origin: Origin

  init(_ text: String) throws(Diagnostic) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
    if TensorLiteral.isWord(value)
      || value.first.map(TensorLiteral.canStart) ?? false && !value.contains(":") && !Self.isFile(value)
    {
      name = String(parts[0].drop { $0 == "%" })
      origin = .literal(try TensorLiteral(String(value)))
    } else {
      let (name, source) = try DataSource.parse(binding: text)
      self.name = name
      origin = .source(source)
    }
  }

  /// Whether a source that starts like a number is a file after all, such as `2024.npy`.
  private static func isFile(_ text: Substring) -> Bool {
    text.first != "[" && text.contains { $0.isLetter && $0 != "e" && $0 != "E" || $0 == "/" }
  }

  /// The rows for an argument of type `type`, whose first extent is the batch.
  func rows(_ type: TensorType) throws(Diagnostic) -> Dataset.Column {
    switch origin {
    case .source(let source):
      let row = TensorType(Array(type.shape.dropFirst()), type.element)
      return Dataset.Column(name, try source.load(expecting: row), source: source)
    case .literal(let literal):
      return Dataset.Column(name, try literal.tensor(type, argument: name))
    }
  }

  /// The whole value of an argument of type `type`.
  func whole(_ type: TensorType) throws(Diagnostic) -> Tensor {
    switch origin {
    case .source(let source): try source.load(whole: type)
    case .literal(let literal): try literal.tensor(type, argument: name)
    }
  }
}

/// The data given for the arguments of a function.
struct DataArguments {
  private let arguments: [DataArgument]
  /// The option that they are given with, without its dashes.
  private let option: String

  init(_ texts: [String], option: String = "data") throws(Diagnostic) {
    self.option = option
    var arguments: [DataArgument] = []
    for text in texts { arguments.append(try DataArgument(text)) }
    self.arguments = arguments
  }

  /// The rows for each argument of `function`.
  func dataset(for function: Function) throws(Diagnostic) -> Dataset {
    var columns: [Dataset.Column] = []
    for (argument, type) in try matched(with: function) {
      guard type.rank > 0 else {
        throw Diagnostic("the argument '%\(argument.name)' of '@\(function.name)' is \(type), which has no rows")
          .noting("run the function once with 'fragua run'")
      }
      columns.append(try argument.rows(type))
    }
    return try Dataset(columns)
  }

  /// The whole value of each argument of `function`, in order.
  func tensors(for function: Function) throws(Diagnostic) -> [Tensor] {
    var tensors: [Tensor] = []
    for (argument, type) in try matched(with: function) { tensors.append(try argument.whole(type)) }
    return tensors
  }

  /// Checks that the labels among `tensors`, the values of the arguments of `function`, are in range.
  func checkLabels(_ tensors: [Tensor], of function: Function, _ ranges: LabelRanges) throws(Diagnostic) {
    for (position, count) in ranges.classes.sorted(by: { $0.key < $1.key }) {
      let name = function.argumentNames[position]
      switch arguments.first(where: { $0.name == name })!.origin {
      case .source(let source): try Fragua.checkLabels(tensors[position], below: count, source: source)
      case .literal: try Fragua.checkLabels(tensors[position], below: count, name: name)
      }
    }
  }

  /// What is probably wrong with the labels among `tensors`, the values of the arguments of `function`.
  func labelWarnings(_ tensors: [Tensor], of function: Function, _ ranges: LabelRanges) -> [Diagnostic] {
    ranges.probabilities.sorted().compactMap { position in
      let name = function.argumentNames[position]
      var source: DataSource?
      if case .source(let origin)? = arguments.first(where: { $0.name == name })?.origin { source = origin }
      return probabilityWarning(tensors[position], source: source, name: name)
    }
  }

  /// The data for each argument of `function`, in its order, with the argument's type.
  private func matched(with function: Function) throws(Diagnostic) -> [(DataArgument, TensorType)] {
    try checkDataNames(arguments.map(\.name), against: function, option: option)
    return zip(function.argumentNames, function.arguments).map { name, value in
      (arguments.first { $0.name == name }!, value.type)
    }
  }
}
