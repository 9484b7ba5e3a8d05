extension Vector {
  /// Sets the elements to `values`, of which there are as many.
  public func assign(_ values: [Float]) {
    precondition(values.count == count, "\(values.count) values for \(count) elements")
    values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { pointer.update(from: start, count: count) }
    }
  }
}

extension Vector {
  /// Copies the elements of another vector of the same length.
  public func copy(from other: Vector) {
    precondition(other.count == count, "copy of \(other.count) elements to \(count)")
    pointer.update(from: other.pointer, count: count)
  }
}
