/// A number that names one of several things of a kind, so that numbers of other kinds cannot be mistaken for it.
@frozen public struct ID<Thing>: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let number: Int

  @inlinable public init(_ number: Int) { self.number = number }

  @inlinable public static func < (a: ID, b: ID) -> Bool { a.number < b.number }

  public var description: String { "\(number)" }
}

/// Something for each thing of a kind, whose numbers run from 0.
@frozen public struct IDTable<Thing, Element> {
  @usableFromInline var elements: [Element]

  @inlinable public init(repeating element: Element, count: Int) {
    elements = Array(repeating: element, count: count)
  }

  @inlinable public var count: Int { elements.count }

  /// Whether it has an element for that number.
  @inlinable public func contains(_ id: ID<Thing>) -> Bool { elements.indices.contains(id.number) }

  /// - Requires: the number is below ``count``.
  @inlinable public subscript(_ id: ID<Thing>) -> Element {
    get { elements[id.number] }
    _modify { yield &elements[id.number] }
  }

  /// Adds the element of the next number.
  @inlinable public mutating func append(_ element: Element) { elements.append(element) }
}

extension IDTable: Sendable where Element: Sendable {}

public typealias ValueID = ID<Value>
public typealias ValueTable<Element> = IDTable<Value, Element>
