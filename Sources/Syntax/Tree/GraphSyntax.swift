import FraguaGraph
import FraguaTensors

/// A file as it is written, before names and types are resolved; offsets are bytes of the file.
struct GraphSyntax {
  var name = NameSyntax(text: "graph", offset: 0)
  var stage: String?
  var mode: Mode?
  var bindings: [String: Int] = [:]
  var parameters: [ParameterSyntax] = []
  var functions: [FunctionSyntax] = []
  var gradients: [GradientSyntax] = []
  var trainings: [TrainSyntax] = []
  /// Names whose declarations failed: nobody complains that they are unknown.
  var brokenNames: Set<String> = []
}

/// A name without its `%` or `@`, and where it stands.
struct NameSyntax {
  var text: String
  var offset: Int
}

/// A type where one is written; `nil` where it was wrong and has been reported.
struct TypeSyntax {
  var type: TensorType?
  var offset: Int
}

/// `param @name: type = initializer` or `state ...`.
struct ParameterSyntax {
  var isTrainable: Bool
  var name: NameSyntax
  var type: TypeSyntax
  var initializer: InitializerSyntax
  var offset: Int
  var origin: Origin?
}

/// What a parameter starts with.
enum InitializerSyntax {
  /// `normal(stddev = 0.5)`.
  case use(UseSyntax)
  /// `dense<...>`.
  case constant(DenseSyntax)
}

/// A word with attributes: an initializer or an optimizer.
struct UseSyntax {
  var name: NameSyntax
  var attributes: [AttributeSyntax]
}

/// `func @name(arguments) -> results {...} {body}`.
struct FunctionSyntax {
  var name: NameSyntax
  var arguments: [(name: NameSyntax, type: TypeSyntax)] = []
  /// `nil` where they are left to inference.
  var results: [(type: TypeSyntax, role: Function.ResultRole)]?
  var role = Function.Role.plain
  var body = BodySyntax()
  var offset: Int
  var origin: Origin?
}

/// Statements between braces.
struct BodySyntax {
  var statements: [StatementSyntax] = []
  /// Where the closing brace is.
  var end = 0
}

/// A line of a body.
struct StatementSyntax {
  enum Kind {
    /// `%a = op operands`.
    case operation(NameSyntax)
    /// `%a = call @f(operands)`.
    case call(NameSyntax)
    /// `%a = fused @f(%inner: type = operand, ...) { body }`; the operands are in the statement.
    case fused(NameSyntax, captures: [(name: NameSyntax, type: TypeSyntax?)], BodySyntax)
    /// `update @w, operand`.
    case update(NameSyntax)
    /// `return operands`.
    case `return`
    /// Reported; its results are poisoned.
    case broken
  }

  var kind: Kind
  var results: [NameSyntax] = []
  var operands: [OperandSyntax] = []
  /// Numbers that stand where operands do: they are none.
  var numbers: [ValueSyntax] = []
  var attributes: [AttributeSyntax] = []
  var types: [TypeSyntax] = []
  var offset: Int
  var origin: Origin?

  var isBroken: Bool { if case .broken = kind { true } else { false } }
}

/// `%x` or `@w` as an operand.
struct OperandSyntax {
  var isParameter: Bool
  var name: NameSyntax

  /// As it is written.
  var text: String { (isParameter ? "@" : "%") + name.text }
}

/// `name = value`.
struct AttributeSyntax {
  /// Empty where a value stands without a name.
  var name: NameSyntax
  var value: ValueSyntax
}

/// The value of an attribute.
struct ValueSyntax {
  indirect enum Kind {
    /// As written, decimal or hexadecimal.
    case integer(String)
    case float(String)
    case string(String)
    case word(String)
    case symbol(String)
    case type(TypeSyntax)
    case list([ValueSyntax])
    case dense(DenseSyntax)
  }

  var kind: Kind
  var offset: Int

  /// An element as it is written: a number, or a word for true or false; `nil` for other values.
  var element: String? {
    switch kind {
    case .integer(let text), .float(let text): text
    case .word(let word): Bool(word: word) == nil ? nil : word
    default: nil
    }
  }

  /// A number or a word as it is written; `nil` for other values.
  var text: String? {
    switch kind {
    case .integer(let text), .float(let text), .word(let text): text
    default: nil
    }
  }
}

/// `dense<...>` with its type if it is written.
struct DenseSyntax {
  enum Content {
    /// One element, repeated.
    case splat(ElementSyntax)
    /// All elements, row-major, and the extents that their brackets say.
    case elements([ElementSyntax], extents: [Int])
    /// The elements' bytes, little-endian, in hexadecimal digits: a range of the file's bytes.
    case bytes(Range<Int>)
  }

  var content: Content
  var type: TypeSyntax?
  var offset: Int
}

/// One element of a constant: the bytes of the file that write it.
struct ElementSyntax {
  var start: Int
  var end: Int
}

/// `gradient @name of @function wrt variables`.
struct GradientSyntax {
  var name: NameSyntax
  var function: NameSyntax
  var variables: [OperandSyntax]
  var offset: Int
  var origin: Origin?
}

/// `train @name minimize @loss { clauses }`.
struct TrainSyntax {
  var name: NameSyntax
  var loss: NameSyntax
  var clauses: [ClauseSyntax]
  var offset: Int
  var origin: Origin?
}

/// `name = value` in a `train`.
struct ClauseSyntax {
  enum Value {
    /// `adam(learning_rate = 0.01)`.
    case use(UseSyntax)
    /// `[@a, @b]` and everything else.
    case attribute(ValueSyntax)
  }

  var name: NameSyntax
  var value: Value

  /// Where the value stands.
  var valueOffset: Int {
    switch value {
    case .use(let use): use.name.offset
    case .attribute(let value): value.offset
    }
  }
}
