/// Sorts whole numbers in linear time, 11 bits a pass.
enum RadixSort {
  static func sort(_ numbers: inout [UInt32]) {
    var other = [UInt32](repeating: 0, count: numbers.count)
    for shift in [0, 11, 22] {
      var starts = [Int](repeating: 0, count: 1 << 11 + 1)
      for number in numbers { starts[Int(number >> UInt32(shift) & 0x7FF) + 1] += 1 }
      // A digit that all numbers share puts nothing in order.
      if starts.contains(numbers.count) { continue }
      for i in 1..<starts.count { starts[i] += starts[i - 1] }
      for number in numbers {
        let digit = Int(number >> UInt32(shift) & 0x7FF)
        other[starts[digit]] = number
        starts[digit] += 1
      }
      swap(&numbers, &other)
    }
  }
}
